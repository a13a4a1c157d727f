/** A project's cells and cache as one run sees them: the one implementation of `Workspace`. */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { Digests } from '../digest/digests.ts';
import { checkpointKeyOf } from '../key/cell-fingerprint.ts';
import type { Fingerprint, Key, Reason } from '../key/fingerprint.ts';
import { ToolProbes } from '../key/tool-probes.ts';
import type { Cell, CellId, Graph } from '../plan/graph.ts';
import type { SourceLookup } from '../sources/source.ts';
import { reached } from '../store/fault.ts';
import { folderOf, type Layout, layoutOf } from '../store/layout.ts';
import { enterRun } from '../store/live-run.ts';
import { type Lock, lock } from '../store/lock.ts';
import type { MadeWith } from '../store/made-with.ts';
import type { OutRecords } from '../store/out-record.ts';
import { quarantineEntry } from '../store/quarantine.ts';
import { readState } from '../store/records.ts';
import type { Tracer } from '../trace/tracer.ts';
import { TypeScriptTracer } from '../trace/typescript/typescript-tracer.ts';
import type { InputPath, Inputs, Surroundings } from './inputs.ts';
import { clearStaging, emptyStaging, publishOuts } from './publish.ts';
import { restoreCell } from './restore.ts';
import { type Evaluation, evaluate } from './status.ts';
import type { BeginOptions, Begun, CellStatus, CellWork, Obstacle, Workspace } from './work.ts';

export interface WorkspaceOptions {
  /** Absolute path of the project folder. */
  readonly project: string;
  readonly graph: Graph;
  /** The run's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where `look` and `status` look for a source: downloads nothing. */
  readonly source: SourceLookup;
  /** The same for a cell that is to run, which may download; left out: `source`. */
  readonly fetch?: SourceLookup;
}

export function openWorkspace(options: WorkspaceOptions): OpenWorkspace {
  return new OpenWorkspace(options);
}

export class OpenWorkspace implements Workspace {
  readonly digests: Digests;
  readonly #layout: Layout;
  readonly #graph: Graph;
  readonly #project: string;
  readonly #around: Surroundings;
  /** The same for a cell that is to run. */
  readonly #fetching: Surroundings;
  readonly #tracer: Tracer;
  readonly #outs = new Map<CellId, OutRecords>();
  readonly #held = new Set<Lock>();
  #entered: Promise<Lock> | undefined;
  readonly #checkpoints = new Map<CellId, Key | null>();

  constructor({ project, graph, env, source, fetch = source }: WorkspaceOptions) {
    this.#project = project;
    this.#graph = graph;
    this.#layout = layoutOf(project);
    const { index, code } = this.#layout;
    this.digests = new Digests(index);
    this.#tracer = new TypeScriptTracer({
      project,
      codeFolder: code,
      indexFolder: index,
      digests: this.digests,
    });
    this.#around = {
      project,
      env,
      digests: this.digests,
      tracer: this.#tracer,
      tools: new ToolProbes(project),
      source,
      sources: graph.sources,
      outsOf: (cell) => this.#outs.get(cell),
      outPath: (cell, path) => `${this.#layout.cells}/${folderOf(cell)}/${path}`,
    };
    this.#fetching = { ...this.#around, source: fetch };
  }

  async look(
    cell: CellId,
    { without, fetch = false }: { without?: ReadonlySet<CellId>; fetch?: boolean } = {},
  ): Promise<CellStatus> {
    return (await this.#evaluate(this.#cell(cell), without, fetch ? this.#fetching : this.#around)).status;
  }

  async status(): Promise<ReadonlyMap<CellId, CellStatus>> {
    const states = new Map<CellId, CellStatus>();
    for (const id of this.#graph.cells.keys()) states.set(id, await this.look(id));
    return states;
  }

  async begin(id: CellId, options: BeginOptions): Promise<Begun> {
    const cell = this.#cell(id);
    const seen = await this.#evaluate(cell, options.without, this.#fetching);
    const early = settled(seen.status, options, []);
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

  outPath(cell: CellId, out: string): string {
    const doc = this.#cell(cell).outs.find(({ name }) => name === out);
    if (!doc) throw new Error(`${cell} has no out ${out}`);
    return this.#around.outPath(cell, doc.path);
  }

  lastMs(cell: CellId): number | null {
    const state = readState(this.#layout, cell);
    return typeof state === 'string' ? null : state.ms;
  }

  expectedMs(id: CellId): number | null {
    const cell = this.#cell(id);
    const last = this.lastMs(id);
    if (last === null || cell.estimateMs === null) return last ?? cell.estimateMs;
    return isDeepStrictEqual(this.placed(id)?.fingerprint.params, cell.params) ? last : cell.estimateMs;
  }

  placed(cell: CellId): { key: Key; fingerprint: Fingerprint; outs: OutRecords } | null {
    const state = readState(this.#layout, cell);
    if (typeof state === 'string') return null;
    const fingerprint = state.fingerprint();
    return fingerprint === null ? null : { key: state.key, fingerprint, outs: state.outs };
  }

  checkpoints(): ReadonlySet<Key> | null {
    const keys = new Set<Key>();
    for (const key of this.#checkpoints.values()) {
      if (key === null) return null;
      keys.add(key);
    }
    return keys;
  }

  async close(): Promise<void> {
    for (const held of this.#held) held.release();
    this.#held.clear();
    (await this.#entered?.catch(() => null))?.release();
    this.digests.save();
    this.#tracer.save();
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

  async #beginLocked(cell: Cell, options: BeginOptions, held: Lock, attempt = 1): Promise<Begun> {
    // Another run may have published it while this one waited.
    for (const out of cell.outs) {
      this.digests.forget(this.#around.outPath(cell.id, out.path));
      if (out.place !== null) this.digests.forget(join(this.#project, out.place));
    }
    const seen = await this.#evaluate(cell, options.without, this.#fetching);
    reached('fingerprint');
    const warnings: string[] = [];
    const { status, inputs } = seen;
    const decided = settled(status, options, warnings);
    if (decided) return decided;
    if (inputs?.kind !== 'known' || !('key' in status) || status.key === null)
      throw new Error(`${cell.id} was begun before its upstream`);

    const { key } = status;
    const base = {
      cell,
      key,
      fingerprint: inputs.fingerprint,
      layout: this.#layout,
      project: this.#project,
      digests: this.digests,
      run: options.run,
      madeWith: options.madeWith ?? null,
    };
    if (status.state === 'restorable' && !options.force && options.noCache !== true) {
      const restored = await restoreCell(base);
      if (restored.kind === 'restored') {
        this.#outs.set(cell.id, restored.outs);
        return { kind: 'restored', key, savedMs: restored.ms, warnings: restored.warnings };
      }
      this.#outs.delete(cell.id);
      if (restored.kind === 'bad') warnings.push(restored.warning);
    } else if (seen.damaged) {
      warnings.push(
        quarantineEntry(this.#layout, key, 'it is not what was written, or parts of it are missing'),
      );
    }
    this.#outs.delete(cell.id);

    const settledInputs = await this.#settle(inputs);
    if (settledInputs.kind === 'edited') {
      // Edited since the run began: it runs with what is there now, under the key of that.
      if (attempt < attemptsToSettle) return this.#beginLocked(cell, options, held, attempt + 1);
      return { kind: 'blocked', obstacles: settledInputs.paths.map(restless) };
    }
    if (settledInputs.kind === 'spoilt') return { kind: 'blocked', obstacles: settledInputs.obstacles };
    const own = 'reasons' in status ? status.reasons : [];
    const reasons: readonly Reason[] = options.force ? [{ kind: 'forced' }, ...own] : own;
    return this.#work(cell, held, { ...base, reasons, warnings, inputs, paths: settledInputs.paths });
  }

  #work(
    cell: Cell,
    held: Lock,
    begun: {
      readonly key: Key;
      readonly fingerprint: Fingerprint;
      readonly run: string;
      readonly madeWith: MadeWith | null;
      readonly reasons: readonly Reason[];
      readonly warnings: readonly string[];
      readonly inputs: Extract<Inputs, { kind: 'known' }>;
      readonly paths: readonly InputPath[];
    },
  ): CellWork {
    const { key, fingerprint, run, madeWith, reasons, warnings, inputs, paths } = begun;
    const clear = () => {
      clearStaging(this.#layout, cell);
      this.#release(held);
    };
    return {
      kind: 'run',
      key,
      fingerprint,
      reasons,
      warnings,
      deps: inputs.deps,
      module: inputs.module,
      checkpoint: this.#checkpoint(cell, fingerprint),
      stage: async () => {
        const outs = emptyStaging(this.#layout, cell, run);
        reached('staged');
        return outs;
      },
      publish: async ({ ms }) => {
        try {
          const published = await publishOuts({
            cell,
            key,
            fingerprint,
            layout: this.#layout,
            project: this.#project,
            digests: this.digests,
            lock: held,
            run,
            madeWith,
            ms,
            inputs: paths,
          });
          if (published.kind === 'published') this.#outs.set(cell.id, published.outs);
          return published;
        } catch (error) {
          throw publishError(error, cell, this.#project);
        } finally {
          clear();
        }
      },
      abandon: async () => clear(),
    };
  }

  /**
   * Makes sure that any change of an input from now on shows in its stat, and that inputs still are as the key has them.
   */
  async #settle(inputs: Extract<Inputs, { kind: 'known' }>): Promise<Settled> {
    const paths: InputPath[] = [];
    const edited: string[] = [];
    for (const input of inputs.paths) {
      let now = await this.digests.lookAgain(input.path, input.reach).catch(() => null);
      while (now && !now.settled) {
        await setTimeout(10);
        now = await this.digests.lookAgain(input.path, input.reach).catch(() => null);
      }
      if (now?.sha256 === input.look.sha256) paths.push({ ...input, look: now });
      else {
        this.digests.forget(input.path);
        edited.push(relative(this.#project, input.path));
      }
    }
    if (edited.length > 0) return { kind: 'edited', paths: edited };
    const obstacles: Obstacle[] = [];
    for (const { path, sha256 } of inputs.upstream) {
      const look = await this.digests.look(path, 'self').catch(() => null);
      if (look?.sha256 === sha256) paths.push({ path, reach: 'self', look });
      else {
        this.digests.forget(path);
        const message = `${relative(this.#project, path)} was changed after it was made`;
        obstacles.push({ kind: 'unreadable', message, hint: 'Run again: it is put back from the cache.' });
      }
    }
    return obstacles.length > 0 ? { kind: 'spoilt', obstacles } : { kind: 'settled', paths };
  }

  #checkpoint(cell: Cell, fingerprint: Fingerprint): string | null {
    if (cell.checkpoint === null) return null;
    const key = checkpointKeyOf(fingerprint, cell.checkpoint.excluding);
    const folder = join(this.#layout.checkpoints, key);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Once, before the first lock: `gc` spares what a run uses that has entered. */
  async #enter({ run, onWait, signal }: BeginOptions): Promise<void> {
    this.#entered ??= enterRun(this.#layout, run, { onWait, signal });
    await this.#entered;
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

type Settled =
  | { readonly kind: 'settled'; readonly paths: readonly InputPath[] }
  /** Project-relative. */
  | { readonly kind: 'edited'; readonly paths: readonly string[] }
  /** Upstream outs that are not what the cache says. */
  | { readonly kind: 'spoilt'; readonly obstacles: readonly Obstacle[] };

const attemptsToSettle = 5;

function restless(path: string): Obstacle {
  const message = `${path} changed each time it was looked at`;
  return { kind: 'unreadable', message, hint: 'Run again when nothing writes it any more.' };
}

/** What needs no lock; undefined: it must be locked and looked at again. */
function settled(status: CellStatus, options: BeginOptions, warnings: readonly string[]): Begun | undefined {
  if (status.state === 'blocked') return { kind: 'blocked', obstacles: status.obstacles };
  if (status.state === 'frozen')
    return { kind: 'frozen', key: status.key ?? ('frozen' as Key), savedMs: status.ms, warnings };
  if (status.state === 'up-to-date' && !options.force)
    return { kind: 'up-to-date', key: status.key, savedMs: status.ms, warnings };
  return undefined;
}

/** A full disk or a lost permission is the user's to mend; the old outs are still there. */
function publishError(error: unknown, cell: Cell, project: string): unknown {
  if (!(error instanceof Error && 'code' in error)) return error;
  const code = String(error.code);
  if (!['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'ENOENT'].includes(code)) return error;
  const lost = code === 'ENOENT' && !existsSync(join(project, 'cache'));
  const message = lost
    ? `the cache folder was deleted while ${cell.id} ran; its outs are lost`
    : `the outs of ${cell.id} could not be stored (${error.message})`;
  const hint = lost
    ? 'Run again.'
    : 'Nothing was published and what was there before still is. Make room or give permission, then run again.';
  return new UserError(message, { code: exitCode.failed, hint });
}
