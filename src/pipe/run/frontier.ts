/** Which cells may begin: what each still waits for, and which failure keeps it from running. */
import type { Cell, CellId } from '../plan/graph.ts';
import { enoughGathered } from './order.ts';

/** `in-place`: its outs are there, whether it ran or not. */
export type CellEnd = 'in-place' | 'failed' | 'not-run';

export class Frontier {
  readonly #cells: readonly Cell[];
  readonly #ends = new Map<CellId, CellEnd>();
  /** The failure that keeps a cell from running. */
  readonly #causes = new Map<CellId, CellId>();
  readonly #open: Map<CellId, number>;
  readonly #readers = new Map<CellId, Cell[]>();

  /** `cells` are closed under upstream and in topological order. */
  constructor(cells: readonly Cell[]) {
    this.#cells = cells;
    this.#open = new Map(cells.map((cell) => [cell.id, cell.upstream.length]));
    for (const cell of cells) {
      for (const id of cell.upstream) {
        const readers = this.#readers.get(id);
        if (readers) readers.push(cell);
        else this.#readers.set(id, [cell]);
      }
    }
  }

  /** Cells that read nothing of others. */
  roots(): readonly Cell[] {
    return this.#cells.filter((cell) => cell.upstream.length === 0);
  }

  /** What a cell goes on without: items of a gather beyond its minimum. */
  without(cell: Cell): ReadonlySet<CellId> {
    return new Set(cell.upstream.filter((id) => !this.#isInPlace(id)));
  }

  /** The end of a cell, and what it means for all that read it: which may begin now, which never will. */
  settle(cell: Cell, end: CellEnd): { readonly ready: readonly Cell[]; readonly blocked: readonly Cell[] } {
    const ready: Cell[] = [];
    const blocked: Cell[] = [];
    this.#ends.set(cell.id, end);
    // A list in place of recursion: a chain of ten thousand cells must not end in a stack overflow.
    const ended = [cell];
    for (const next of ended) {
      for (const reader of this.#readers.get(next.id) ?? []) {
        const open = (this.#open.get(reader.id) ?? 0) - 1;
        this.#open.set(reader.id, open);
        if (open > 0) continue;
        if (enoughGathered(reader, this.#isInPlace)) ready.push(reader);
        else if (this.cause(reader) !== null) {
          this.#ends.set(reader.id, 'not-run');
          blocked.push(reader);
          ended.push(reader);
        }
      }
    }
    return { ready, blocked };
  }

  /** The failure upstream that keeps a cell from running; null: there is none. */
  cause(cell: Cell): CellId | null {
    for (const id of cell.upstream) {
      const cause = this.#ends.get(id) === 'failed' ? id : this.#causes.get(id);
      if (cause === undefined) continue;
      this.#causes.set(cell.id, cause);
      return cause;
    }
    return null;
  }

  /** Cells without an end, because the run ended before them. */
  unended(): readonly Cell[] {
    return this.#cells.filter((cell) => !this.#ends.has(cell.id));
  }

  readonly #isInPlace = (id: CellId): boolean => this.#ends.get(id) === 'in-place';
}
