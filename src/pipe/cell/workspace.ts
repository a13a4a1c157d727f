/**
 * A project's cells and cache as one run sees them: how each cell stands, and the way from a stale one to published outs.
 * Long because it is the one object that a run holds: each method is short.
 */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import { hasCode } from '../../lib/errno.ts';
import { Digests } from '../digest/digests.ts';
import { checkpointKeyOf } from '../key/cell-fingerprint.ts';
import type { Fingerprint, Key, Reason } from '../key/fingerprint.ts';
import { ToolProbes } from '../key/tool-probes.ts';
import type { Cell, CellId, Graph } from '../plan/graph.ts';
import type { SourceLookup } from '../sources/source.ts';
import { reached } from '../store/fault.ts';
import { folderOf, type Layout, layoutOf, manifestFile } from '../store/layout.ts';
import { enterRun } from '../store/live-run.ts';
import { type Lock, lock } from '../store/lock.ts';
import type { MadeWith } from '../store/made-with.ts';
import type { OpenJob } from '../store/open-jobs.ts';
import type { OutRecords } from '../store/out-record.ts';
import { makeRoom, quarantineEntry } from '../store/quarantine.ts';
import { readManifest, readState, stateFile } from '../store/records.ts';
import type { Took } from '../store/took.ts';
import { Views } from '../store/view.ts';
import type { CellStatus, Obstacle } from './cell-status.ts';
import { CellTracer, type CodeObserved } from './cell-tracer.ts';
import { type GuardOptions, guardInputs, InputGuard } from './guard.ts';
import type { Inputs, Surroundings } from './inputs.ts';
import { JobList } from './job-list.ts';
import { healOut, type Keeping, keepFrozen } from './keep.ts';
import { PutCount, type PutProgress } from './put-count.ts';
import { type Evaluation, evaluate } from './status.ts';
import { CellTransaction, type TransactionOptions } from './transaction.ts';

export interface WorkspaceOptions {
  /** Absolute path of the project folder. */
  readonly project: string;
  /** The pipeline file, relative to the project; left out: pipeline.yaml. */
  readonly pipeline?: string;
  readonly graph: Graph;
  /** The run's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where `look` and `status` look for a source: downloads nothing. */
  readonly source: SourceLookup;
  /** The same for a cell that is to run, which may download; left out: `source`. */
  readonly fetch?: SourceLookup;
  /** Nothing of the pipeline is run but `tools` commands that this user has run here before. */
  readonly looksOnly?: boolean;
  /** The project whose `tools` commands count as run by this user; left out: `project`. */
  readonly toolsOf?: string;
}

export interface BeginOptions {
  /** The run's id: named to whoever waits for the cell's lock. */
  readonly run: string;
  /** Recorded with what the cell makes. */
  readonly madeWith?: MadeWith;
  readonly force: boolean;
  /** Neither read entries from the cache nor restore (the outs in place still count). */
  readonly noCache?: boolean;
  /** Upstream cells that a gather goes on without. */
  readonly without?: ReadonlySet<CellId>;
  /** Called once, when another run holds the cell. */
  readonly onWait?: (holder: string) => void;
  /** Called now and then while outs are put back, when that takes longer than a second. */
  readonly onRestore?: (progress: PutProgress, reasons: readonly Reason[]) => void;
  readonly signal?: AbortSignal;
}

/** What `begin` came to: nothing to do and nothing held, or a transaction that must be ended. */
export type BeginResult =
  | {
      readonly kind: 'up-to-date' | 'restored' | 'frozen';
      readonly key: Key;
      /** Milliseconds that the original run took. */
      readonly savedMs: number;
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'blocked'; readonly obstacles: readonly Obstacle[] }
  | CellTransaction;

/**
 * ```ts
 * const workspace = new Workspace({ project, graph, env: process.env, source });
 * for (const cell of order) {
 *   const begun = await workspace.begin(cell, { run, force: false, onWait });
 *   if (begun.kind !== 'run') continue;             // up to date, restored or frozen: nothing to do, nothing held
 *   const outs = await begun.stage();               // an empty staging folder, again for every attempt
 *   …run the attempt with begun.deps, outs, begun.checkpoint, begun.module…
 *   const published = await begun.publish({ ms });  // or begun.abandon() when the attempt failed
 * }
 * await workspace.close();
 * ```
 */
export class Workspace {
  readonly digests: Digests;
  readonly #layout: Layout;
  readonly #graph: Graph;
  readonly #project: string;
  readonly #around: Surroundings;
  /** The same for a cell that is to run. */
  readonly #fetching: Surroundings;
  readonly #tracer: CellTracer;
  readonly #outs = new Map<CellId, OutRecords>();
  readonly #held = new Set<Lock>();
  readonly #jobs: JobList;
  #entered: Promise<Lock> | undefined;
  readonly #checkpoints = new Map<CellId, Key | null>();
  readonly #guarding: Omit<GuardOptions, 'heal'>;

  constructor({
    project,
    pipeline,
    graph,
    env,
    source,
    fetch = source,
    looksOnly = false,
    toolsOf = project,
  }: WorkspaceOptions) {
    this.#project = project;
    this.#graph = graph;
    this.#layout = layoutOf(project, pipeline);
    this.#jobs = new JobList(this.#layout, pipeline);
    this.digests = new Digests(this.#layout.index);
    this.#tracer = new CellTracer({ project, layout: this.#layout, digests: this.digests, env });
    const views = new Views(this.#layout, this.digests);
    this.#around = {
      project,
      env,
      digests: this.digests,
      tracer: this.#tracer,
      tools: new ToolProbes(project, looksOnly, toolsOf),
      source,
      sources: graph.sources,
      outsOf: (cell) => this.#outs.get(cell),
      outPath: (cell, path) => `${this.#layout.cells}/${folderOf(cell)}/${path}`,
      viewPath: (out) => views.pathOf(out),
    };
    this.#fetching = { ...this.#around, source: fetch };
    this.#guarding = { project, layout: this.#layout, digests: this.digests, views };
  }

  /** Looks without locking, running or changing anything. Upstream cells must have been looked at or begun before.
   * `fetch`: the cell is to run, and a source that is nowhere yet is downloaded. `onInputs`: told what the cell reads. */
  async look(
    cell: CellId,
    {
      without,
      fetch = false,
      onInputs,
    }: {
      readonly without?: ReadonlySet<CellId>;
      readonly fetch?: boolean;
      readonly onInputs?: (status: CellStatus, inputs: Inputs | null) => void;
    } = {},
  ): Promise<CellStatus> {
    const around = fetch ? this.#fetching : this.#around;
    const { status, inputs } = await this.#evaluate(this.#cell(cell), without, around);
    onInputs?.(status, inputs);
    return status;
  }

  /** What the trace of a module's code looked at; null where stats cannot tell that it would give the same again. */
  observedCode(cell: Cell): CodeObserved | null {
    return this.#tracer.observed(cell);
  }

  /** Takes it that the cell has made these outs, so that the keys below it are known: somebody else has them. */
  assume(cell: CellId, outs: OutRecords): void {
    this.#outs.set(cell, outs);
  }

  /** `look` for the whole graph, in topological order. */
  async status(): Promise<ReadonlyMap<CellId, CellStatus>> {
    const states = new Map<CellId, CellStatus>();
    for (const id of this.#graph.cells.keys()) states.set(id, await this.look(id));
    return states;
  }

  /** Locks the cell and decides. Upstream cells must be done (published, cached) or in `without`. */
  async begin(id: CellId, options: BeginOptions): Promise<BeginResult> {
    const cell = this.#cell(id);
    const seen = await this.#evaluate(cell, options.without, this.#fetching);
    const early = decidedEarly(seen.status, options);
    if (early) return early;

    this.#checkWritable();
    await this.#enter(options);
    const held = await lock(this.#layout.locks, folderOf(id), options.run, {
      onWait: options.onWait,
      signal: options.signal,
    });
    this.#held.add(held);
    try {
      reached('lock');
      const begun = await this.#beginLocked(cell, options, held);
      if (begun.kind !== 'run') this.#release(held);
      return begun;
    } catch (error) {
      this.#release(held);
      throw error;
    }
  }

  /** Jobs that queues have of a cell of this pipeline, whoever submitted them. */
  jobsOf(cell: CellId): readonly OpenJob[] {
    return this.#jobs.of(cell);
  }

  /** Puts the outs of a frozen cell into the store when they are not there yet, and back into its folder when they are gone. */
  async keepFrozen(id: CellId): Promise<void> {
    const cell = this.#cell(id);
    const { frozen } = await this.#evaluate(cell, undefined, this.#around);
    if (!frozen) return;
    try {
      await keepFrozen(cell, frozen, 'frozen', this.#keeping);
    } catch (error) {
      // They are where they are; a cache that cannot be written keeps nothing.
      if (!hasCode(error, 'EROFS', 'EACCES')) throw error;
    }
    for (const out of cell.outs) this.digests.forget(this.#around.outPath(id, out.path));
  }

  /** Absolute path of an out where people look at it (whether or not it is there). */
  outPath(cell: CellId, out: string): string {
    const doc = this.#cell(cell).outs.find(({ name }) => name === out);
    if (!doc) throw new Error(`${cell} has no out ${out}`);
    return this.#around.outPath(cell, doc.path);
  }

  /** Milliseconds that the cell's last run took, of whatever key; null: never ran. */
  lastMs(cell: CellId): number | null {
    const state = readState(this.#layout, cell);
    return typeof state === 'string' ? null : state.ms;
  }

  /** What making what is in place took besides time; null: not measured, or nothing is in place. */
  took(cell: CellId): Took {
    const state = readState(this.#layout, cell);
    const manifest = typeof state === 'string' ? state : readManifest(this.#layout, state.key);
    return typeof manifest === 'string' ? null : (manifest.usage ?? null);
  }

  /**
   * Milliseconds that the cell is expected to take: what its last run took, or the file's estimate where it never ran or
   * ran with other params. For the longest path, the plan and the time that is left.
   */
  expectedMs(id: CellId): number | null {
    const cell = this.#cell(id);
    const last = this.lastMs(id);
    if (last === null || cell.estimateMs === null) return last ?? cell.estimateMs;
    return isDeepStrictEqual(this.placed(id)?.fingerprint.params, cell.params) ? last : cell.estimateMs;
  }

  /** The fingerprint of what is in place; null: nothing is. */
  placed(cell: CellId): { key: Key; fingerprint: Fingerprint; outs: OutRecords } | null {
    const state = readState(this.#layout, cell);
    if (typeof state === 'string') return null;
    const fingerprint = state.fingerprint();
    return fingerprint === null ? null : { key: state.key, fingerprint, outs: state.outs };
  }

  /** Names of the checkpoint folders of every cell that was looked at; null when one is not known. For gc. */
  checkpoints(): ReadonlySet<Key> | null {
    const keys = new Set<Key>();
    for (const key of this.#checkpoints.values()) {
      if (key === null) return null;
      keys.add(key);
    }
    return keys;
  }

  /** Releases locks that are still held and writes the accelerators. */
  async close(): Promise<void> {
    for (const held of this.#held) held.release();
    this.#held.clear();
    (await this.#entered?.catch(() => null))?.release();
    this.digests.save();
    this.#tracer.save();
  }

  async #beginLocked(cell: Cell, options: BeginOptions, held: Lock, attempt = 1): Promise<BeginResult> {
    // Another run may have published it while this one waited.
    for (const out of cell.outs) {
      this.digests.forget(this.#around.outPath(cell.id, out.path));
      if (out.place !== null) this.digests.forget(join(this.#project, out.place));
    }
    const seen = await this.#evaluate(cell, options.without, this.#fetching);
    reached('fingerprint');
    const { status, inputs } = seen;
    const decided = decidedEarly(status, options);
    if (decided) return decided;
    if (inputs?.kind !== 'known' || !('key' in status))
      throw new Error(`${cell.id} was begun before its upstream`);

    const job = this.#jobs.of(cell.id).find((one) => one.key === status.key) ?? null;
    const transaction = this.#transaction({ cell, inputs, key: status.key, job }, options, held);
    const { key, warnings } = transaction;
    for (const file of [stateFile(this.#layout, cell.id), manifestFile(this.#layout, key)])
      warnings.push(...makeRoom(this.#layout, file));
    if (status.state === 'restorable' && !options.force && options.noCache !== true) {
      const { reasons } = status;
      const count = new PutCount((progress) => options.onRestore?.(progress, reasons));
      const restored = await transaction.restore(count);
      if (restored.kind === 'restored')
        return { kind: 'restored', key, savedMs: restored.ms, warnings: [...warnings, ...restored.warnings] };
    } else if (seen.damaged) {
      warnings.push(
        quarantineEntry(this.#layout, key, 'it is not what was written, or parts of it are missing'),
      );
    }
    this.#outs.delete(cell.id);

    const own = 'reasons' in status ? status.reasons : [];
    const reasons: readonly Reason[] = options.force ? [{ kind: 'forced' }, ...own] : own;
    const guarding: GuardOptions = {
      ...this.#guarding,
      heal: (upstream) => healOut(upstream, cell.id, this.#keeping),
    };
    const revived = job === null ? null : InputGuard.revived(guarding, job.guard);
    if (revived !== null) {
      await transaction.open(revived, reasons, options);
      return transaction;
    }
    const guarded = await guardInputs(inputs, guarding);
    if (guarded.kind === 'edited') {
      // Edited since the run began: it runs with what is there now, under the key of that.
      this.#tracer.forget();
      if (attempt < attemptsToSettle) return this.#beginLocked(cell, options, held, attempt + 1);
      return { kind: 'blocked', obstacles: guarded.paths.map(keepsChanging) };
    }
    if (guarded.kind === 'damaged') return { kind: 'blocked', obstacles: guarded.obstacles };
    await transaction.open(guarded.guard, reasons, options);
    return transaction;
  }

  #transaction(
    what: Pick<TransactionOptions, 'cell' | 'inputs' | 'key' | 'job'>,
    { run, madeWith }: BeginOptions,
    held: Lock,
  ): CellTransaction {
    return new CellTransaction({
      ...what,
      jobs: this.#jobs.allOf(what.cell.id),
      layout: this.#layout,
      project: this.#project,
      digests: this.digests,
      lock: held,
      run,
      madeWith: madeWith ?? null,
      onOuts: (outs) => this.#outs.set(what.cell.id, outs),
      release: () => this.#release(held),
    });
  }

  get #keeping(): Keeping {
    return {
      layout: this.#layout,
      project: this.#project,
      digests: this.digests,
      outPath: this.#around.outPath,
    };
  }

  async #evaluate(
    cell: Cell,
    without: ReadonlySet<CellId> | undefined,
    around: Surroundings,
  ): Promise<Evaluation> {
    const evaluation = await evaluate(cell, this.#layout, around, without);
    const { status } = evaluation;
    if ('outs' in status) this.#outs.set(cell.id, status.outs);
    else this.#outs.delete(cell.id);
    if (cell.checkpoint !== null) {
      const { inputs } = evaluation;
      const known = inputs?.kind === 'known' ? inputs.fingerprint : null;
      this.#checkpoints.set(cell.id, known && checkpointKeyOf(known, cell.checkpoint.excluding));
    }
    return evaluation;
  }

  /** Before the first cell is locked; `begin` does it otherwise. */
  async enter(run: string, options: Pick<BeginOptions, 'onWait' | 'signal'> = {}): Promise<void> {
    this.#checkWritable();
    await this.#enter({ run, ...options });
  }

  /** Once, before the first lock: `gc` spares what a run uses that has entered. */
  async #enter({ run, onWait, signal }: Pick<BeginOptions, 'run' | 'onWait' | 'signal'>): Promise<void> {
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

  #checkWritable(): void {
    const { root } = this.#layout;
    try {
      mkdirSync(root, { recursive: true });
      accessSync(root, constants.W_OK);
    } catch (error) {
      const message = `the cache folder ${root} cannot be written (${error instanceof Error ? error.message : error})`;
      throw new UserError(message, { hint: 'Give this user write permission, or free its disk.' });
    }
  }

  #release(held: Lock): void {
    this.#held.delete(held);
    held.release();
    reached('unlock');
  }

  #cell(id: CellId): Cell {
    const cell = this.#graph.cells.get(id);
    if (!cell) throw new Error(`${id} is not in the graph`);
    return cell;
  }
}

const attemptsToSettle = 5;

function keepsChanging(path: string): Obstacle {
  const message = `${path} changed each time it was looked at`;
  return { kind: 'unreadable', message, hint: 'Run again when nothing writes it any more.' };
}

/** What needs no lock; undefined: it must be locked and looked at again. */
function decidedEarly(status: CellStatus, options: BeginOptions): BeginResult | undefined {
  if (status.state === 'blocked') return { kind: 'blocked', obstacles: status.obstacles };
  if (status.state === 'frozen') return { kind: 'frozen', key: status.key, savedMs: status.ms, warnings: [] };
  if (status.state === 'up-to-date' && !options.force)
    return { kind: 'up-to-date', key: status.key, savedMs: status.ms, warnings: [] };
  return undefined;
}
