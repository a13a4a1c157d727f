/** Whether a stage in Python ran only code that is in its key: an import that no trace shows, as by data that name it, is not. */
import { readFileSync, realpathSync } from 'node:fs';
import { relative } from 'node:path';
import type { Ended } from '../exec/executor.ts';
import { returnedFile } from '../job/job.ts';
import type { CellRun } from '../plan/graph.ts';

const mostNamed = 5;

export interface Returned {
  /** Absolute folder of the attempt. */
  readonly folder: string;
  readonly run: CellRun;
  /** Absolute. */
  readonly project: string;
}

/** `reads`: absolute paths of what is in the key. Another end than a good one stays as it is. */
export function withKnownCode(
  ended: Ended,
  { folder, run, project }: Returned,
  reads: readonly string[],
): Ended {
  if (ended.kind !== 'ok' || run.kind !== 'module' || run.python === null) return ended;
  const imported = readFileSync(returnedFile(folder), 'utf8')
    .split('\n')
    .filter((path) => path !== '');
  if (imported.length === 0) return ended;
  const known = new Set(reads.map(realPath));
  const unknown = imported.filter((path) => !known.has(realPath(path)));
  if (unknown.length === 0) return ended;
  const names = unknown.slice(0, mostNamed).map((path) => relative(realPath(project), path));
  const which = `${names.join(', ')}${unknown.length > mostNamed ? ', …' : ''}`;
  const message = `it imported ${which}, and no code that it was traced by shows that: list what it may import under \`code:\` of the stage`;
  return { kind: 'unfinished', code: 0, message };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
