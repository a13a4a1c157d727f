/**
 * A cell that must run, or be put back, from its lock to its published outs. `restore` looks into the cache; otherwise
 * `stage` before every attempt, then exactly one of `publish` and `abandon`, which release the lock.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { hasCode } from '../../lib/errno.ts';
import type { Digests } from '../digest/digests.ts';
import type { JobDep } from '../job/job.ts';
import { checkpointKeyOf } from '../key/cell-fingerprint.ts';
import type { Fingerprint, Key, Reason } from '../key/fingerprint.ts';
import type { Cell } from '../plan/graph.ts';
import { reached } from '../store/fault.ts';
import type { Layout } from '../store/layout.ts';
import { type Lock, lock } from '../store/lock.ts';
import type { MadeWith } from '../store/made-with.ts';
import type { JobCell, OpenJob } from '../store/open-jobs.ts';
import type { OutRecords } from '../store/out-record.ts';
import type { Took } from '../store/took.ts';
import type { InputGuard } from './guard.ts';
import type { Inputs } from './inputs.ts';
import { type Published, publishOuts } from './publish.ts';
import type { PutCount } from './put-count.ts';
import { type Restored, restoreCell } from './restore.ts';
import { Staging } from './staging.ts';

export interface TransactionOptions {
  readonly cell: Cell;
  readonly inputs: Extract<Inputs, { kind: 'known' }>;
  readonly key: Key;
  readonly layout: Layout;
  readonly project: string;
  readonly digests: Digests;
  /** The cell's, held. */
  readonly lock: Lock;
  readonly run: string;
  readonly madeWith: MadeWith | null;
  /** Jobs that queues have of this cell. */
  readonly jobs: readonly OpenJob[];
  /** Of them the one that makes this very key: the transaction goes on with it. */
  readonly job: OpenJob | null;
  /** Gets the outs that are decided, once they are published or restored. */
  readonly onOuts: (outs: OutRecords) => void;
  /** Called once, when the cell's lock is to be released. */
  readonly release: () => void;
}

export class CellTransaction {
  readonly kind = 'run';
  readonly key: Key;
  readonly #options: TransactionOptions;
  readonly #staging: Staging;
  #guard: InputGuard | undefined;
  #reasons: readonly Reason[] = [];
  #checkpoint: { readonly folder: string; readonly lock: Lock } | undefined;
  /** Said while the cell was looked for in the cache: bad entries that were moved to quarantine. */
  readonly warnings: string[] = [];

  constructor(options: TransactionOptions) {
    this.#options = options;
    this.key = options.key;
    this.#staging = new Staging(options.layout, options.cell, options.run, {
      spared: new Set(options.jobs.flatMap(spared)),
      adopted: options.job?.staging ?? null,
    });
  }

  get fingerprint(): Fingerprint {
    return this.#options.inputs.fingerprint;
  }

  /** Absolute paths for the job file. */
  get deps(): Readonly<Record<string, JobDep>> {
    return this.#options.inputs.deps;
  }

  /** Absolute path of the bundle to import; null for a command. */
  get module(): string | null {
    return this.#options.inputs.module;
  }

  /** Absolute paths of what was looked at for the key: deps that are files, sources, code that runs from where it stands. */
  get reads(): readonly string[] {
    return this.#options.inputs.paths.map(({ path }) => path);
  }

  /** Absolute path of the folder that is this transaction's own. */
  get staged(): string {
    return this.#staging.folder;
  }

  /** A job that was submitted for this key, by this run or one that is gone; null: there is none. */
  get job(): OpenJob | null {
    return this.#options.job;
  }

  /** What whoever publishes instead of this process has to know. */
  record(): Pick<JobCell, 'key' | 'staging' | 'guard'> {
    if (!this.#guard) throw new Error(`${this.#options.cell.id} is recorded but was never opened`);
    return { key: this.key, staging: this.#staging.folder, guard: this.#guard.record() };
  }

  get reasons(): readonly Reason[] {
    return this.#reasons;
  }

  /** Absolute path of the checkpoint folder (exists, and is no other cell's now); null: the stage keeps none. */
  get checkpoint(): string | null {
    return this.#checkpoint?.folder ?? null;
  }

  /** Puts the key's outs back from the cache, if it has them. The lock stays held. */
  async restore(count?: PutCount): Promise<Restored> {
    const restored = await restoreCell({
      ...this.#options,
      fingerprint: this.fingerprint,
      staging: this.#staging,
      count,
    });
    if (restored.kind === 'restored') this.#options.onOuts(restored.outs);
    if (restored.kind === 'bad') this.warnings.push(restored.warning);
    return restored;
  }

  /** From here on it is going to run: its inputs are guarded, and its checkpoint folder is its own. */
  async open(
    guard: InputGuard,
    reasons: readonly Reason[],
    waiting: {
      readonly onWait?: ((holder: string) => void) | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<void> {
    this.#guard = guard;
    this.#reasons = reasons;
    const { cell, layout, run } = this.#options;
    if (cell.checkpoint === null) return;
    const key = checkpointKeyOf(this.fingerprint, cell.checkpoint.excluding);
    // Two stages that are alike have one checkpoint folder: the second waits, and goes on from what the first left.
    const held = await lock(layout.locks, `~checkpoint-${key}`, run, waiting);
    const folder = join(layout.checkpoints, key);
    mkdirSync(folder, { recursive: true });
    this.#checkpoint = { folder, lock: held };
  }

  /** Empties the staging folder and gives the absolute path of every out in it. */
  async stage(): Promise<Readonly<Record<string, string>>> {
    const outs = this.#staging.empty();
    reached('staged');
    return outs;
  }

  /**
   * Checks the outs and the inputs, stores, and swaps into place. Releases the lock whatever the answer. `onGuarded`: called
   * when the outs are known to be good, and are only to be stored.
   */
  async publish({
    ms,
    usage = null,
    onGuarded,
  }: {
    readonly ms: number;
    readonly usage?: Took;
    readonly onGuarded?: () => void;
  }): Promise<Published> {
    const { cell, project, onOuts } = this.#options;
    const guard = this.#guard;
    if (!guard) throw new Error(`${cell.id} is published but was never opened`);
    try {
      const published = await publishOuts({
        ...this.#options,
        fingerprint: this.fingerprint,
        staging: this.#staging,
        guard,
        ms,
        onGuarded,
        usage,
      });
      if (published.kind === 'published') onOuts(published.outs);
      return published;
    } catch (error) {
      throw publishError(error, cell, project);
    } finally {
      this.#end();
    }
  }

  /** Nothing is published; staged outs go. Releases the lock. */
  async abandon(): Promise<void> {
    this.#end();
  }

  /** A job goes on without this process: what it staged stays. Releases the lock. */
  leave(): void {
    this.#end({ keepStaged: true });
  }

  #end({ keepStaged = false } = {}): void {
    if (!keepStaged) this.#staging.remove();
    this.#checkpoint?.lock.release();
    this.#checkpoint = undefined;
    this.#options.release();
  }
}

/** What a job of a queue works in, and where it reports what it was entrusted with. */
function spared({ staging, run }: OpenJob): readonly string[] {
  return [staging, join(dirname(staging), `${run}-events`)];
}

/** A full disk or a lost permission is the user's to mend; the old outs are still there. */
function publishError(error: unknown, cell: Cell, project: string): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'ENOENT', 'ENAMETOOLONG'))
    return error;
  const lost = error.code === 'ENOENT' && !existsSync(join(project, 'cache'));
  const message = lost
    ? `the cache folder was deleted while ${cell.id} ran; its outs are lost`
    : `the outs of ${cell.id} could not be stored (${error.message})`;
  const hint = lost
    ? 'Run again.'
    : 'Nothing was published and what was there before still is. Make room or give permission, then run again.';
  return new UserError(message, { code: exitCode.failed, hint });
}
