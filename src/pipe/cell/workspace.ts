/** A project's cells and cache as one run sees them: how each cell stands, and the way from a stale one to published outs. */
import { join } from 'node:path';
import { hasCode } from '../../lib/errno.ts';
import { Digests } from '../digest/digests.ts';
import type { Key, Reason } from '../key/fingerprint.ts';
import type { Cell, CellId, Graph } from '../plan/graph.ts';
import { reached } from '../store/fault.ts';
import { folderOf, type Layout, layoutOf, manifestFile } from '../store/layout.ts';
import { type Lock, lock } from '../store/lock.ts';
import type { OpenJob } from '../store/open-jobs.ts';
import type { OutRecords } from '../store/out-record.ts';
import { makeRoom, quarantineEntry } from '../store/quarantine.ts';
import { stateFile } from '../store/records.ts';
import type { Took } from '../store/took.ts';
import { Views } from '../store/view.ts';
import { type BeginOptions, type BeginResult, decidedEarly, keepsChanging } from './begin.ts';
import type { CellStatus } from './cell-status.ts';
import { CellTracer, type CodeObserved } from './cell-tracer.ts';
import { type GuardOptions, guardInputs, InputGuard } from './guard.ts';
import type { Inputs } from './inputs.ts';
import { JobList } from './job-list.ts';
import { healOut, type Keeping, keepFrozen } from './keep.ts';
import { KnownCells } from './known-cells.ts';
import { expectedMs, lastMs, type PlacedOuts, placedBy, tookBy } from './left-by-runs.ts';
import { PutCount } from './put-count.ts';
import { RunEntry } from './run-entry.ts';
import { CellTransaction, type TransactionOptions } from './transaction.ts';
import type { WorkspaceOptions } from './workspace-options.ts';

/**
 * ```ts
 * await using workspace = new Workspace({ project, graph, env: process.env, source });
 * for (const cell of order) {
 *   const begun = await workspace.begin(cell, { run, force: false, onWait });
 *   if (begun.kind !== 'run') continue;             // up to date, restored or frozen: nothing to do, nothing held
 *   const outs = await begun.stage();               // an empty staging folder, again for every attempt
 *   …run the attempt with begun.deps, outs, begun.checkpoint, begun.module…
 *   const published = await begun.publish({ ms });  // or begun.abandon() when the attempt failed
 * }
 * ```
 */
export class Workspace {
  readonly digests: Digests;
  readonly #layout: Layout;
  readonly #graph: Graph;
  readonly #project: string;
  readonly #known: KnownCells;
  readonly #tracer: CellTracer;
  readonly #held = new Set<Lock>();
  readonly #jobs: JobList;
  readonly #entry: RunEntry;
  readonly #guarding: Omit<GuardOptions, 'heal'>;

  constructor(options: WorkspaceOptions) {
    const { project, pipeline, graph, env } = options;
    this.#project = project;
    this.#graph = graph;
    this.#layout = layoutOf(project, pipeline);
    this.#jobs = new JobList(this.#layout, pipeline);
    this.#entry = new RunEntry(this.#layout);
    this.digests = new Digests(this.#layout.index);
    this.#tracer = new CellTracer({ project, layout: this.#layout, digests: this.digests, env });
    const views = new Views(this.#layout, this.digests);
    const parts = { layout: this.#layout, digests: this.digests, tracer: this.#tracer, views };
    this.#known = new KnownCells(options, parts);
    this.#guarding = { project, layout: this.#layout, digests: this.digests, views };
  }

  /** Looks without locking, running or changing anything. Upstream cells must have been looked at or begun before.
   * `fetch`: the cell is to run, and a source that is nowhere yet is downloaded. `onInputs`: called with what the cell reads. */
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
    const { status, inputs } = await this.#known.look(this.#cell(cell), { without, fetch });
    onInputs?.(status, inputs);
    return status;
  }

  /** What the trace of a module's code looked at; null where stats cannot tell that it would give the same again. */
  observedCode(cell: Cell): CodeObserved | null {
    return this.#tracer.observed(cell);
  }

  /** Takes it that the cell has made these outs, so that the keys below it are known: somebody else has them. */
  assume(cell: CellId, outs: OutRecords): void {
    this.#known.assume(cell, outs);
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
    const seen = await this.#known.look(cell, { without: options.without, fetch: true });
    const early = decidedEarly(seen.status, options);
    if (early) return early;

    await this.#entry.enter(options);
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
    const { frozen } = await this.#known.look(cell);
    if (!frozen) return;
    try {
      await keepFrozen(cell, frozen, 'frozen', this.#keeping);
    } catch (error) {
      // They are where they are; a cache that cannot be written keeps nothing.
      if (!hasCode(error, 'EROFS', 'EACCES')) throw error;
    }
    for (const out of cell.outs) this.digests.forget(this.#known.outPath(id, out.path));
  }

  /** Absolute path of an out where people look at it (whether or not it is there). */
  outPath(cell: CellId, out: string): string {
    const doc = this.#cell(cell).outs.find(({ name }) => name === out);
    if (!doc) throw new Error(`${cell} has no out ${out}`);
    return this.#known.outPath(cell, doc.path);
  }

  /** Milliseconds that the cell's last run took, of whatever key; null: never ran. */
  lastMs(cell: CellId): number | null {
    return lastMs(this.#layout, cell);
  }

  /** What making what is in place took besides time; null: not measured, or nothing is in place. */
  took(cell: CellId): Took {
    return tookBy(this.#layout, cell);
  }

  /** Milliseconds that the cell is expected to take; null: nothing says. */
  expectedMs(cell: CellId): number | null {
    return expectedMs(this.#layout, this.#cell(cell));
  }

  /** What is in place of the cell; null: nothing is. */
  placed(cell: CellId): PlacedOuts | null {
    return placedBy(this.#layout, cell);
  }

  /** Names of the checkpoint folders of every cell that was looked at; null when one is not known. For gc. */
  checkpoints(): ReadonlySet<Key> | null {
    return this.#known.checkpoints();
  }

  /** Releases locks that are still held and writes the accelerators. */
  async close(): Promise<void> {
    for (const held of this.#held) held.release();
    this.#held.clear();
    await this.#entry.leave();
    this.digests.save();
    this.#tracer.save();
  }

  /** `await using workspace = …` closes it, however its block ends. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #beginLocked(cell: Cell, options: BeginOptions, held: Lock, attempt = 1): Promise<BeginResult> {
    // Another run may have published it while this one waited.
    for (const out of cell.outs) {
      this.digests.forget(this.#known.outPath(cell.id, out.path));
      if (out.place !== null) this.digests.forget(join(this.#project, out.place));
    }
    const seen = await this.#known.look(cell, { without: options.without, fetch: true });
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
      const count = new PutCount((progress) => options.onRestore?.(progress, status.reasons));
      const restored = await transaction.restore(count);
      if (restored.kind === 'restored')
        return { kind: 'restored', key, savedMs: restored.ms, warnings: [...warnings, ...restored.warnings] };
    } else if (seen.damaged) {
      warnings.push(
        quarantineEntry(this.#layout, key, 'it is not what was written, or parts of it are missing'),
      );
    }
    this.#known.forget(cell.id);

    const own = 'reasons' in status ? status.reasons : [];
    const reasons: readonly Reason[] = options.force ? [{ kind: 'forced' }, ...own] : own;
    const guarding = this.#guardingOf(cell.id);
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

  /** Made here, so that what stays with a cell until its end keeps nothing alive of how it was begun. */
  #guardingOf(cell: CellId): GuardOptions {
    const { project, layout, digests, views } = this.#guarding;
    return { project, layout, digests, views, heal: (upstream) => healOut(upstream, cell, this.#keeping) };
  }

  #transaction(
    { cell, inputs, key, job }: Pick<TransactionOptions, 'cell' | 'inputs' | 'key' | 'job'>,
    { run, madeWith }: BeginOptions,
    held: Lock,
  ): CellTransaction {
    return new CellTransaction({
      cell,
      inputs,
      key,
      job,
      jobs: this.#jobs.allOf(cell.id),
      layout: this.#layout,
      project: this.#project,
      digests: this.digests,
      lock: held,
      run,
      madeWith: madeWith ?? null,
      onOuts: (outs) => this.#known.assume(cell.id, outs),
      release: () => this.#release(held),
    });
  }

  get #keeping(): Keeping {
    return {
      layout: this.#layout,
      project: this.#project,
      digests: this.digests,
      outPath: (cell, path) => this.#known.outPath(cell, path),
    };
  }

  /** Before the first cell is locked; `begin` does it otherwise. */
  enter(run: string, options: Pick<BeginOptions, 'onWait' | 'signal'> = {}): Promise<void> {
    return this.#entry.enter({ run, ...options });
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
