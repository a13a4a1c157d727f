/**
 * What a run has found out about its cells so far: their outs, which the keys below them need, and their checkpoint
 * folders. Looking changes nothing, and needs what is above a cell to have been looked at before.
 */
import { checkpointKeyOf } from '../key/cell-fingerprint.ts';
import type { Key } from '../key/fingerprint.ts';
import { ToolProbes } from '../key/tool-probes.ts';
import type { Cell, CellId } from '../plan/graph.ts';
import { folderOf, type Layout } from '../store/layout.ts';
import type { OutRecords } from '../store/out-record.ts';
import type { Views } from '../store/view.ts';
import type { Surroundings } from './inputs.ts';
import { type Evaluation, evaluate } from './status.ts';
import type { WorkspaceOptions } from './workspace-options.ts';

interface Parts extends Pick<Surroundings, 'digests' | 'tracer'> {
  readonly layout: Layout;
  readonly views: Views;
}

export class KnownCells {
  readonly #layout: Layout;
  readonly #around: Surroundings;
  /** The same for a cell that is to run. */
  readonly #fetching: Surroundings;
  readonly #outs = new Map<CellId, OutRecords>();
  readonly #checkpoints = new Map<CellId, Key | null>();

  constructor(options: WorkspaceOptions, { layout, digests, tracer, views }: Parts) {
    const { project, graph, env, source, fetch = source, looksOnly = false, toolsOf = project } = options;
    this.#layout = layout;
    this.#around = {
      project,
      env,
      digests,
      tracer,
      tools: new ToolProbes(project, looksOnly, toolsOf),
      source,
      sources: graph.sources,
      outsOf: (cell) => this.#outs.get(cell),
      outPath: (cell, path) => `${layout.cells}/${folderOf(cell)}/${path}`,
      viewPath: (out) => views.pathOf(out),
    };
    this.#fetching = { ...this.#around, source: fetch };
  }

  /** How the cell stands now. `fetch`: it is to run, and a source that is nowhere yet is downloaded. */
  async look(
    cell: Cell,
    {
      without,
      fetch = false,
    }: { readonly without?: ReadonlySet<CellId> | undefined; readonly fetch?: boolean } = {},
  ): Promise<Evaluation> {
    const around = fetch ? this.#fetching : this.#around;
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

  /** Takes it that the cell has these outs. */
  assume(cell: CellId, outs: OutRecords): void {
    this.#outs.set(cell, outs);
  }

  /** The cell is about to be made anew: what it had is no longer what the cells below it read. */
  forget(cell: CellId): void {
    this.#outs.delete(cell);
  }

  /** Absolute path of an out, given relative to its cell's folder, where people look at it. */
  outPath(cell: CellId, path: string): string {
    return this.#around.outPath(cell, path);
  }

  /** Names of the checkpoint folders of every cell that was looked at; null when one is not known. */
  checkpoints(): ReadonlySet<Key> | null {
    const keys = new Set<Key>();
    for (const key of this.#checkpoints.values()) {
      if (key === null) return null;
      keys.add(key);
    }
    return keys;
  }
}
