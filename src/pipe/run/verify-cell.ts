/** Runs a cell twice from scratch and compares what it made: is the stage deterministic? Publishes nothing. */
import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '../../lib/json.ts';
import { isJsonObject } from '../../lib/json.ts';
import { hashFile } from '../digest/hash-file.ts';
import { beginScratch, type ScratchRun, scratchAttempt } from './scratch-run.ts';

export interface VerifyOptions extends ScratchRun {
  /** Relative difference that two numbers of a `report: metrics` out may have. */
  readonly tolerance: number;
}

/** A file that the two runs made differently. */
export interface Difference {
  readonly out: string;
  /** Path in a folder out; '' when the out is a file. */
  readonly path: string;
  readonly what: string;
}

/** Empty: the second run made what the first one made. @throws UserError when the cell cannot run, or fails. */
export async function verifyCell(options: VerifyOptions): Promise<readonly Difference[]> {
  const { cell } = options;
  const begun = await beginScratch(options, 'verify');
  const scratch = await mkdtemp(join(tmpdir(), 'pipe-verify-'));
  try {
    const first = join(scratch, 'first');
    const made = await scratchAttempt(options, begun, join(scratch, '1'));
    for (const [name, path] of Object.entries(made)) await cp(path, join(first, name), { recursive: true });
    const again = await scratchAttempt(options, begun, join(scratch, '2'));
    const differences: Difference[] = [];
    for (const out of cell.outs) {
      const pair = [join(first, out.name), again[out.name] ?? ''] as const;
      const tolerance = out.report === 'metrics' ? options.tolerance : 0;
      differences.push(...(await compare(out.name, pair, tolerance)));
    }
    return differences;
  } finally {
    await begun.abandon();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function compare(out: string, [first, again]: readonly [string, string], tolerance: number) {
  const files = new Set([...(await filesOf(first)), ...(await filesOf(again))]);
  const differences: Difference[] = [];
  for (const path of [...files].sort()) {
    const what = await difference(join(first, path), join(again, path), tolerance);
    if (what !== null) differences.push({ out, path, what });
  }
  return differences;
}

async function filesOf(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [''];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1));
}

async function difference(first: string, again: string, tolerance: number): Promise<string | null> {
  if (!(await exists(first))) return 'only the second run made it';
  if (!(await exists(again))) return 'only the first run made it';
  const sizes = [(await stat(first)).size, (await stat(again)).size] as const;
  if (sizes[0] === sizes[1] && (await hashFile(first, sizes[0])) === (await hashFile(again, sizes[1])))
    return null;
  if (tolerance > 0)
    return metricsDifference(await readFile(first, 'utf8'), await readFile(again, 'utf8'), tolerance);
  return sizes[0] === sizes[1] ? `other bytes (${sizes[0]} of them)` : `${sizes[0]} bytes, then ${sizes[1]}`;
}

/** Null: every number is within the tolerance of its counterpart. */
function metricsDifference(first: string, again: string, tolerance: number): string | null {
  const [a, b]: readonly Json[] = [JSON.parse(first), JSON.parse(again)];
  if (!isJsonObject(a) || !isJsonObject(b)) return 'other content';
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [x, y] = [a[name], b[name]];
    if (x === y) continue;
    const close =
      typeof x === 'number' &&
      typeof y === 'number' &&
      Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y));
    if (!close) return `${name}: ${JSON.stringify(x)}, then ${JSON.stringify(y)}`;
  }
  return null;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
