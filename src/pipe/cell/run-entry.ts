/** A run enters the cache once, before its first lock: `gc` spares what a run uses that has entered. */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { Layout } from '../store/layout.ts';
import { enterRun } from '../store/live-run.ts';
import type { Lock } from '../store/lock.ts';
import type { BeginOptions } from './begin.ts';

export class RunEntry {
  readonly #layout: Layout;
  #entered: Promise<Lock> | undefined;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** Does nothing where the run has entered. @throws UserError for a cache that cannot be written */
  async enter({ run, onWait, signal }: Pick<BeginOptions, 'run' | 'onWait' | 'signal'>): Promise<void> {
    checkWritable(this.#layout.root);
    for (;;) {
      this.#entered ??= enterRun(this.#layout, run, { onWait, signal });
      const entering = this.#entered;
      try {
        await entering;
        return;
      } catch (error) {
        // Not for all time: the next cell tries again. One that was waited with for another's patience goes on trying.
        if (this.#entered === entering) this.#entered = undefined;
        if (signal?.aborted !== false || !(error instanceof Error && error.name === 'AbortError'))
          throw error;
      }
    }
  }

  /** Leaves again; that it could not enter is said where it was asked for. */
  async leave(): Promise<void> {
    (await this.#entered?.catch(() => null))?.release();
  }
}

function checkWritable(root: string): void {
  try {
    mkdirSync(root, { recursive: true });
    accessSync(root, constants.W_OK);
  } catch (error) {
    const message = `the cache folder ${root} cannot be written (${error instanceof Error ? error.message : error})`;
    throw new UserError(message, { hint: 'Give this user write permission, or free its disk.' });
  }
}
