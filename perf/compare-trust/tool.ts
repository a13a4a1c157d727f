/** A build tool as the comparison sees it: it is configured with one task and run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** One task: reads `inputs`, writes out.txt. */
export interface Task {
  readonly command: string;
  readonly inputs: readonly string[];
  /** A folder that it writes in place of out.txt. */
  readonly folder?: string;
}

export interface Tool {
  readonly name: string;
  readonly version: string;
  /** Writes the tool's own configuration of the task into a folder. */
  configure(folder: string, task: Task): void;
  readonly run: readonly string[];
  /** Folder below which the tool keeps earlier results; null: it keeps none. */
  readonly cache: string | null;
}

export const root = mkdtempSync(join(tmpdir(), 'pipe-compare-'));
export const peers = join(root, 'peers');

export function start(
  { run: [file = '', ...args] }: Tool,
  folder: string,
  env: Record<string, string> = {},
): ChildProcess {
  return spawn(file, args, {
    cwd: folder,
    detached: true,
    stdio: 'ignore',
    env: {
      ...process.env,
      PATH: `${join(peers, 'node_modules/.bin')}:${process.env.PATH}`,
      TURBO_TELEMETRY_DISABLED: '1',
      DO_NOT_TRACK: '1',
      NX_DAEMON: 'false',
      NX_NO_CLOUD: 'true',
      NX_TUI: 'false',
      NO_UPDATE_NOTIFIER: '1',
      ...env,
    },
  });
}

export function ended(child: ChildProcess): Promise<number | null> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

export async function run(
  tool: Tool,
  folder: string,
  env: Record<string, string> = {},
): Promise<number | null> {
  // Tools that go by a coarse clock get a chance.
  await setTimeout(50);
  return ended(start(tool, folder, env));
}

export function read(folder: string, path: string): string {
  return existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : '';
}

export function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

export function files(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
