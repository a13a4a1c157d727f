/** The jobs that queues have of each cell, as their records say: looked at again when submissions were added. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CellId } from '../plan/graph.ts';
import type { Layout } from '../store/layout.ts';
import { batchFolder, batchNames, type OpenJob, openOf, readBatch } from '../store/open-jobs.ts';

export class JobList {
  readonly #layout: Layout;
  readonly #pipeline: string;
  readonly #read = new Set<string>();
  readonly #byCell = new Map<CellId, readonly OpenJob[]>();

  constructor(layout: Layout, pipeline = 'pipeline.yaml') {
    this.#layout = layout;
    this.#pipeline = pipeline;
  }

  /** Of this pipeline. */
  of(cell: CellId): readonly OpenJob[] {
    return this.allOf(cell).filter(({ pipeline }) => pipeline === this.#pipeline);
  }

  /** Of whatever pipeline has a cell of that name. */
  allOf(cell: CellId): readonly OpenJob[] {
    this.#readNew();
    return (this.#byCell.get(cell) ?? []).filter((job) => this.#isOpen(job));
  }

  #readNew(): void {
    for (const name of batchNames(this.#layout)) {
      if (this.#read.has(name)) continue;
      const batch = readBatch(this.#layout, name);
      // Being written: the next look finds it.
      if (batch === null) continue;
      this.#read.add(name);
      for (const job of openOf(this.#layout, batch))
        this.#byCell.set(job.cell, [...(this.#byCell.get(job.cell) ?? []), job]);
    }
  }

  #isOpen({ batch, index }: OpenJob): boolean {
    const folder = batchFolder(this.#layout, batch);
    return existsSync(folder) && !existsSync(join(folder, 'closed', String(index)));
  }
}
