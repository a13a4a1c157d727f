/** Rows of the benchmark as columns of typed arrays: they pass between threads without a copy and cost 30 bytes each. */
import type { ArchRow, BenchRow } from '../tables.ts';

/** What passes between threads and into a part file. */
export interface ColumnData {
  readonly length: number;
  readonly index: Int32Array<ArrayBuffer>;
  /** Place in `series`. */
  readonly serie: Int16Array<ArrayBuffer>;
  readonly hp: Int16Array<ArrayBuffer>;
  readonly epoch: Int16Array<ArrayBuffer>;
  readonly seed: Int32Array<ArrayBuffer>;
  readonly accuracy: Float64Array<ArrayBuffer>;
  /** NaN: unknown. */
  readonly loss: Float64Array<ArrayBuffer>;
  /** [dataset, split] pairs. */
  readonly series: readonly (readonly [string, string])[];
  readonly archs: readonly ArchRow[];
  /** Where a file disagrees with what its architecture has. */
  readonly notes: readonly string[];
}

export class Columns {
  length = 0;
  #index = new Int32Array(4096);
  #serie = new Int16Array(4096);
  #hp = new Int16Array(4096);
  #epoch = new Int16Array(4096);
  #seed = new Int32Array(4096);
  #accuracy = new Float64Array(4096);
  #loss = new Float64Array(4096);
  readonly series: [string, string][] = [];
  readonly archs: ArchRow[] = [];
  readonly notes: string[] = [];

  /** Number of a (dataset, split) pair. */
  serie(dataset: string, split: string): number {
    const known = this.series.findIndex(([a, b]) => a === dataset && b === split);
    return known >= 0 ? known : this.series.push([dataset, split]) - 1;
  }

  push(
    index: number,
    serie: number,
    hp: number,
    epoch: number,
    seed: number,
    accuracy: number,
    loss: number,
  ): void {
    const at = this.length++;
    if (at === this.#index.length) this.#grow();
    this.#index[at] = index;
    this.#serie[at] = serie;
    this.#hp[at] = hp;
    this.#epoch[at] = epoch;
    this.#seed[at] = seed;
    this.#accuracy[at] = accuracy;
    this.#loss[at] = loss;
  }

  /** Forgets rows behind `length`, of a record that turned out to be bad. */
  truncate(length: number): void {
    this.length = length;
  }

  data(): ColumnData {
    const { length } = this;
    return {
      length,
      index: this.#index.slice(0, length),
      serie: this.#serie.slice(0, length),
      hp: this.#hp.slice(0, length),
      epoch: this.#epoch.slice(0, length),
      seed: this.#seed.slice(0, length),
      accuracy: this.#accuracy.slice(0, length),
      loss: this.#loss.slice(0, length),
      series: this.series,
      archs: this.archs,
      notes: this.notes,
    };
  }

  #grow(): void {
    const size = this.#index.length * 2;
    const larger = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.#index = larger(new Int32Array(size), this.#index);
    this.#serie = larger(new Int16Array(size), this.#serie);
    this.#hp = larger(new Int16Array(size), this.#hp);
    this.#epoch = larger(new Int16Array(size), this.#epoch);
    this.#seed = larger(new Int32Array(size), this.#seed);
    this.#accuracy = larger(new Float64Array(size), this.#accuracy);
    this.#loss = larger(new Float64Array(size), this.#loss);
  }
}

/** The whole table: as many values in each column. */
export interface BenchColumns {
  readonly length: number;
  readonly index: Int32Array;
  readonly serie: Int16Array;
  readonly hp: Int16Array;
  readonly epoch: Int16Array;
  readonly seed: Int32Array;
  readonly accuracy: Float64Array;
  /** NaN: unknown. */
  readonly loss: Float64Array;
  /** [dataset, split] pairs, by `serie`. */
  readonly series: readonly (readonly [string, string])[];
  /** By index, ascending. */
  readonly archs: readonly ArchRow[];
  /** The six digits by index. */
  readonly ops: ReadonlyMap<number, string>;
}

/** Joins parts to one table, without the architectures in `without`. Rows keep the order of the parts. */
export function joinParts(parts: readonly ColumnData[], without: ReadonlySet<number>): BenchColumns {
  const all = new Columns();
  for (const part of parts) {
    const series = part.series.map(([dataset, split]) => all.serie(dataset, split));
    for (let i = 0; i < part.length; i++) {
      const index = part.index[i]!;
      if (without.has(index)) continue;
      all.push(
        index,
        series[part.serie[i]!]!,
        part.hp[i]!,
        part.epoch[i]!,
        part.seed[i]!,
        part.accuracy[i]!,
        part.loss[i]!,
      );
    }
    for (const arch of part.archs) if (!without.has(arch.index)) all.archs.push(arch);
  }
  all.archs.sort((a, b) => a.index - b.index);
  return { ...all.data(), ops: new Map(all.archs.map(({ index, ops }) => [index, ops])) };
}

/** The rows as the contract between the stages has them. */
export function* benchRows(table: BenchColumns): Generator<BenchRow> {
  for (let i = 0; i < table.length; i++) {
    const [dataset, split] = table.series[table.serie[i]!]!;
    const index = table.index[i]!;
    const loss = table.loss[i]!;
    yield {
      index,
      ops: table.ops.get(index)!,
      dataset,
      split,
      hp: table.hp[i]!,
      epoch: table.epoch[i]!,
      seed: table.seed[i]!,
      accuracy: table.accuracy[i]!,
      loss: Number.isNaN(loss) ? null : loss,
    };
  }
}

/** A table of rows of any source, in their order. */
export function tableOfRows(rows: readonly BenchRow[], archs: readonly ArchRow[]): BenchColumns {
  const all = new Columns();
  for (const { index, dataset, split, hp, epoch, seed, accuracy, loss } of rows) {
    all.push(index, all.serie(dataset, split), hp, epoch, seed, accuracy, loss ?? Number.NaN);
  }
  return { ...all.data(), archs, ops: new Map(rows.map(({ index, ops }) => [index, ops])) };
}

/** A column as every writer takes it; `null` is a missing value. A `label` is a text that many rows share. */
export interface NamedColumn {
  readonly name: string;
  readonly type: 'int' | 'float' | 'text' | 'label';
  readonly values: ArrayLike<number> | ArrayLike<number | string | null>;
}

/** The columns of the bench table; numbers as they are. */
export function benchColumns(table: BenchColumns): NamedColumn[] {
  const { index, serie, hp, epoch, seed, accuracy, loss, series, ops } = table;
  const text = (of: (row: number) => string) => Array.from(index, (_, row) => of(row));
  return [
    { name: 'index', type: 'int', values: index },
    { name: 'ops', type: 'label', values: text((row) => ops.get(index[row]!)!) },
    { name: 'dataset', type: 'label', values: text((row) => series[serie[row]!]![0]) },
    { name: 'split', type: 'label', values: text((row) => series[serie[row]!]![1]) },
    { name: 'hp', type: 'int', values: hp },
    { name: 'epoch', type: 'int', values: epoch },
    { name: 'seed', type: 'int', values: seed },
    { name: 'accuracy', type: 'float', values: accuracy },
    { name: 'loss', type: 'float', values: loss.some(Number.isNaN) ? withNulls(loss) : loss },
  ];
}

/** The columns of the table of architectures. */
export function archColumns(archs: readonly ArchRow[]): NamedColumn[] {
  const column = (name: keyof ArchRow, type: NamedColumn['type']): NamedColumn => ({
    name,
    type,
    values: archs.map((arch) => arch[name]),
  });
  return [
    column('index', 'int'),
    column('ops', 'text'),
    column('params', 'int'),
    column('flops', 'float'),
    column('latency', 'float'),
    column('trainSeconds', 'float'),
  ];
}

function withNulls(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}
