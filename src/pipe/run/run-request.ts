/** How a run was asked for, kept in its folder: `pipe attach` goes on with it from another process, or another machine. */
import { join } from 'node:path';
import { readOwnFile } from '../../lib/regular-file.ts';
import { replaceFile } from '../../lib/replace-file.ts';
import type { RunRequest } from './run-options.ts';

const name = 'request.json';
const limitBytes = 1024 * 1024;

/** `folder`: of the run. */
export function writeRequest(folder: string, { args, cwd }: RunRequest): void {
  replaceFile(join(folder, name), `${JSON.stringify({ version: 1, args, cwd })}\n`);
}

/** null: none is recorded, or it is damaged. */
export function readRequest(folder: string): RunRequest | null {
  const content = readOwnFile(join(folder, name), limitBytes);
  if (typeof content === 'string') return null;
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    if (typeof value !== 'object' || value === null) return null;
    const { args, cwd } = value as Readonly<Record<string, unknown>>;
    const good =
      Array.isArray(args) && args.every((one) => typeof one === 'string') && typeof cwd === 'string';
    return good ? { args, cwd } : null;
  } catch {
    return null;
  }
}
