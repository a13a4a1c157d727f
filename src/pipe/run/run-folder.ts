/** The folder a run leaves behind: its events, and for each attempt the job, the stage's events and the log. */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join, relative } from 'node:path';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import { cellFolder } from '../plan/cell-id.ts';
import type { CellId } from '../plan/graph.ts';
import type { RunEvent, RunId } from './event.ts';

/** `20261124-130501-3f9a`: sorts by time; the end keeps two runs of the same second apart. */
export function newRunId(now: Date): RunId {
  const [day = '', time = ''] = now.toISOString().split('T');
  const id = `${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${randomBytes(2).toString('hex')}`;
  return id as RunId;
}

export class RunFolder {
  readonly path: string;
  readonly #project: string;
  readonly #events: number;
  #broken = false;

  /** `runs` is the folder of all runs, absolute. @throws UserError when nothing can be written there */
  constructor(project: string, runs: string, run: RunId) {
    this.#project = project;
    this.path = join(runs, run);
    try {
      mkdirSync(this.path, { recursive: true });
      this.#events = openSync(join(this.path, 'events.jsonl'), 'a');
    } catch (error) {
      throw new UserError(`nothing can be written to ${this.shown(runs)}: ${messageOf(error)}`, {
        hint: 'make the folder writable, or free its disk',
      });
    }
  }

  /**
   * A record that cannot be written must not end the work that it tells of.
   * @returns what to say about it, the first time
   */
  write(event: RunEvent): string | null {
    if (this.#broken) return null;
    try {
      writeSync(this.#events, `${JSON.stringify(event)}\n`);
      return null;
    } catch (error) {
      this.#broken = true;
      return `the record of this run ends here: ${messageOf(error)}`;
    }
  }

  /** Makes the folder of an attempt; absolute. */
  attempt(cell: CellId, attempt: number): string {
    const folder = join(this.path, 'cells', cellFolder(cell), String(attempt));
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** The number of a cell's next attempt: an earlier driver of this run may have made some. */
  nextAttempt(cell: CellId): number {
    const numbers = namesIn(join(this.path, 'cells', cellFolder(cell))).map(Number);
    return 1 + Math.max(0, ...numbers.filter((number) => Number.isInteger(number)));
  }

  /** As it is shown: relative to the project. */
  shown(path: string): string {
    return relative(this.#project, path);
  }

  close(): void {
    closeSync(this.#events);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
