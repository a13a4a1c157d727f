/**
 * A witness: the stat of everything that a run with nothing to do looked at. While all of it is as it was, the next run has
 * nothing to do either, and knows it from one file and one `lstat` per path: no plan, no record of any cell is read.
 * An accelerator that may be deleted, and is believed only with proof that this user's engine wrote it.
 */
import { existsSync, lstatSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '../../lib/errno.ts';
import { readOwnFile, readRegularFile } from '../../lib/regular-file.ts';
import { sha256Of } from '../../lib/sha256.ts';
import { openOwnBytes } from '../../lib/user-state.ts';
import { engineBuild } from '../project/engine-build.ts';
import type { ToolWitness } from './witness-tools.ts';

/** How a path is looked at again. Part of the format: a new meaning is a new number. */
export const sighting = {
  /** The path itself, whole: a file, a folder with its names, a link. */
  own: 0,
  /** What the path leads to, whole. */
  target: 1,
  /** Nothing is there. */
  absent: 2,
  /** What the path leads to is the same file or folder, whatever it holds. */
  place: 3,
  /** A folder on the way to something, itself no link. */
  way: 4,
} as const;
export type Sighting = (typeof sighting)[keyof typeof sighting];

export interface WitnessHead {
  readonly version: 1;
  /** Absolute: a cache that was copied to another project says nothing there. */
  readonly project: string;
  /** The pipeline file, relative to the project, and the sha256 of its text. */
  readonly pipeline: string;
  readonly text: string;
  readonly cells: number;
  readonly savedMs: number;
  readonly color: 'auto' | 'always' | 'never';
  /** Variables of the caller that are in keys; null: not set. */
  readonly env: readonly (readonly [string, string | null])[];
  readonly tools: readonly ToolWitness[];
  /** How many paths follow. */
  readonly paths: number;
}

/** Numbers per path: device, inode, size, and both times in milliseconds. */
export const numbersPerPath = 5;
const limitBytes = 1024 * 1024 * 1024;

/** Where the witness of a command lies. Its folder and every argument are part of the name. */
export function witnessFile(project: string, cwd: string, argv: readonly string[]): string {
  const name = sha256Of(JSON.stringify([engineBuild(), project, cwd, argv])).slice(0, 32);
  return join(project, 'cache/index', `witness-${name}`);
}

/** What the run that this witness stands for had to say; null: it must be looked at. */
export async function standsStill(
  project: string,
  cwd: string,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<WitnessHead | null> {
  // A workflow's summary is written anew by every run.
  if (env.GITHUB_STEP_SUMMARY) return null;
  try {
    if (!existsSync(join(project, 'cache/index'))) return null;
    const file = witnessFile(project, cwd, argv);
    const content = readOwnFile(file, limitBytes);
    const body = typeof content === 'string' ? null : openOwnBytes(file, content);
    const witness = body && decodeWitness(body);
    if (!witness || witness.head.project !== project) return null;
    const { head } = witness;
    if (head.env.some(([name, value]) => (env[name] ?? null) !== value)) return null;
    if (sha256Of(readRegularFile(join(project, head.pipeline))) !== head.text) return null;
    if (!isAsItWas(witness, cwd === project ? '' : `${project}/`)) return null;
    if (head.tools.length === 0) return head;
    const { toolsAgree } = await import('./witness-tools.ts');
    return (await toolsAgree(head.tools, project, env)) ? head : null;
  } catch {
    // What cannot be read or looked at is for the whole look to say.
    return null;
  }
}

export interface Witness {
  readonly head: WitnessHead;
  readonly kinds: Uint8Array;
  readonly numbers: Float64Array;
  /** Relative to the project, or absolute. */
  readonly paths: readonly string[];
}

/** Header length, header, padding, numbers, kinds, and the paths with a NUL between two. */
export function encodeWitness({ head, kinds, numbers, paths }: Witness): Buffer {
  const header = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(8);
  length.writeUInt32LE(header.length);
  const padding = Buffer.alloc((8 - (header.length % 8)) % 8);
  return Buffer.concat([
    length,
    header,
    padding,
    new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength),
    kinds,
    Buffer.from(paths.join('\0')),
  ]);
}

function decodeWitness(body: Buffer): Witness | null {
  const length = body.readUInt32LE(0);
  const head: WitnessHead = JSON.parse(body.toString('utf8', 8, 8 + length));
  if (head.version !== 1) return null;
  const start = 8 + length + ((8 - (length % 8)) % 8);
  const kindsAt = start + head.paths * numbersPerPath * 8;
  const pathsAt = kindsAt + head.paths;
  // Copied: a view of doubles must be aligned.
  const numbers = new Float64Array(new Uint8Array(body.subarray(start, kindsAt)).buffer);
  const text = body.toString('utf8', pathsAt);
  const paths = text === '' ? [] : text.split('\0');
  return paths.length === head.paths
    ? { head, kinds: body.subarray(kindsAt, pathsAt), numbers, paths }
    : null;
}

const quiet = { throwIfNoEntry: false } as const;

/** What a path leads to; undefined: nothing, such as below a file, or by a link in a loop. */
export function targetOf(path: string): Stats | undefined {
  try {
    return statSync(path, quiet);
  } catch (error) {
    if (hasCode(error, 'ENOTDIR', 'ELOOP')) return undefined;
    throw error;
  }
}

/** `prefix`: before a relative path. */
function isAsItWas({ kinds, numbers, paths }: Witness, prefix: string): boolean {
  for (let index = 0; index < paths.length; index++) {
    const name = paths[index] ?? '';
    const path = name.startsWith('/') ? name : prefix + name;
    const kind = kinds[index];
    if (kind === sighting.absent) {
      if (targetOf(path)) return false;
      continue;
    }
    const stat =
      kind === sighting.own || kind === sighting.way ? lstatSync(path, quiet) : statSync(path, quiet);
    if (!stat) return false;
    const at = index * numbersPerPath;
    if (stat.ino !== numbers[at] || stat.dev !== numbers[at + 1]) return false;
    if (kind === sighting.place) continue;
    if (kind === sighting.way) {
      if (!stat.isDirectory()) return false;
      continue;
    }
    if (stat.ctimeMs !== numbers[at + 2] || stat.mtimeMs !== numbers[at + 3] || stat.size !== numbers[at + 4])
      return false;
  }
  return true;
}

/** The numbers of a path in the order of the format. */
export function numbersOf({ ino, dev, ctimeMs, mtimeMs, size }: Stats): readonly number[] {
  return [ino, dev, ctimeMs, mtimeMs, size];
}
