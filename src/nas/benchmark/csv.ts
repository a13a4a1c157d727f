/**
 * Benchmark tables as CSV. Two layouts: the compact one of NAS-Bench-201 (a row per architecture in the benchmark's order,
 * seed means: `ops,c10_valid_200,…,params_c10`) and the long one of an own benchmark
 * (`index,ops,dataset,split,hp,epoch,seed,accuracy`, optionally `params`).
 */
import { type CsvRecord, csvRecords } from '../../lib/csv.ts';
import { parseArchitecture, spaceSize, toDigits } from '../space/architecture.ts';
import type { ArchRow, BenchRow } from '../tables.ts';

/** A CSV that is no benchmark table: file, line (1-based) and what to do. */
export class BenchCsvError extends Error {
  readonly file: string;
  readonly line: number;
  constructor(file: string, line: number, problem: string, next: string) {
    super(`${file}:${line}: ${problem}; ${next}`);
    this.name = 'BenchCsvError';
    this.file = file;
    this.line = line;
  }
}

export interface BenchCsv {
  readonly rows: readonly BenchRow[];
  readonly archs: readonly ArchRow[];
}

/** c10 was trained on half of the training set for its validation accuracy, on all of it for its test accuracy. */
const compactSeries: Readonly<Record<string, readonly [dataset: string, split: string]>> = {
  c10_valid: ['cifar10-valid', 'x-valid'],
  c10_test: ['cifar10', 'ori-test'],
  c100_valid: ['cifar100', 'x-valid'],
  c100_test: ['cifar100', 'x-test'],
  im16_valid: ['ImageNet16-120', 'x-valid'],
  im16_test: ['ImageNet16-120', 'x-test'],
};
const longColumns = ['index', 'ops', 'dataset', 'split', 'hp', 'epoch', 'seed', 'accuracy'] as const;

/** Parses either layout. `file` is the name in errors. Throws BenchCsvError with the line. */
export function parseBenchCsv(text: string, file: string): BenchCsv {
  const { records: all, openQuote } = csvRecords(text);
  if (openQuote !== null)
    throw new BenchCsvError(file, openQuote, 'a quote is never closed', 'close it, or take it out');
  const [first, ...records] = all;
  const header = first?.fields ?? [];
  if (longColumns.every((name) => header.includes(name))) return parseLong(records, header, file);
  if (header.includes('ops') && header.some((name) => compactColumn(name)))
    return parseCompact(records, header, file);
  throw new BenchCsvError(
    file,
    1,
    `the header is of no known table: ${header.slice(0, 6).join(',').slice(0, 80)}`,
    `use ops,c10_valid_200,… or ${longColumns.join(',')}`,
  );
}

interface CompactColumn {
  readonly at: number;
  readonly dataset: string;
  readonly split: string;
  readonly hp: number;
}

function compactColumn(name: string): Omit<CompactColumn, 'at'> | null {
  const match = /^([a-z0-9]+_[a-z]+)_(\d+)$/.exec(name);
  const series = match ? compactSeries[match[1]!] : undefined;
  return series ? { dataset: series[0], split: series[1], hp: Number(match![2]) } : null;
}

function parseCompact(records: readonly CsvRecord[], header: readonly string[], file: string): BenchCsv {
  const columns = header.flatMap((name, at): CompactColumn[] => {
    const column = compactColumn(name);
    return column ? [{ at, ...column }] : [];
  });
  const opsAt = header.indexOf('ops');
  const paramsAt = header.indexOf('params_c10');
  const rows: BenchRow[] = [];
  const archs: ArchRow[] = [];
  const seen = new Map<string, number>();
  for (const [index, record] of records.entries()) {
    const { line } = record;
    const fields = fieldsOf(record, header.length, file);
    const ops = opsOf(fields[opsAt]!, file, line);
    const first = seen.get(ops);
    if (first !== undefined) {
      throw new BenchCsvError(
        file,
        line,
        `architecture ${ops} stands in line ${first} already`,
        'keep one of them',
      );
    }
    seen.set(ops, line);
    for (const { at, dataset, split, hp } of columns) {
      const accuracy = accuracyOf(fields[at]!, header[at]!, file, line);
      rows.push({ index, ops, dataset, split, hp, epoch: -1, seed: -1, accuracy, loss: null });
    }
    const params = paramsOf(fields[paramsAt], 'params_c10', file, line);
    archs.push({ index, ops, params, flops: null, latency: null, trainSeconds: null });
  }
  if (archs.length !== spaceSize) {
    throw new BenchCsvError(
      file,
      records.at(-1)?.line ?? 1,
      `the table has ${archs.length} architectures, the benchmark ${spaceSize}`,
      'a row’s number is its index in the benchmark, so none may be missing',
    );
  }
  return { rows, archs };
}

function parseLong(records: readonly CsvRecord[], header: readonly string[], file: string): BenchCsv {
  const place = Object.fromEntries(longColumns.map((name) => [name, header.indexOf(name)])) as Record<
    (typeof longColumns)[number],
    number
  >;
  const paramsAt = header.indexOf('params');
  const rows: BenchRow[] = [];
  const known = new KnownArchitectures(file);
  const seen = new Map<string, number>();
  for (const record of records) {
    const { line } = record;
    const fields = fieldsOf(record, header.length, file);
    const at = { file, line };
    const whole = (name: (typeof longColumns)[number], least: number) =>
      wholeOf(fields[place[name]]!, name, least, at);
    const index = whole('index', 0);
    const ops = opsOf(fields[place.ops]!, file, line);
    known.add(index, ops, line, () => paramsOf(fields[paramsAt], 'params', file, line));
    const row: BenchRow = {
      index,
      ops,
      dataset: textOf(fields[place.dataset]!, 'dataset', file, line),
      split: textOf(fields[place.split]!, 'split', file, line),
      hp: whole('hp', 1),
      epoch: whole('epoch', -1),
      seed: whole('seed', -1),
      accuracy: accuracyOf(fields[place.accuracy]!, 'accuracy', file, line),
      loss: null,
    };
    const key = [index, row.dataset, row.split, row.hp, row.epoch, row.seed].join(',');
    const first = seen.get(key);
    if (first !== undefined) {
      throw new BenchCsvError(
        file,
        line,
        `index,dataset,split,hp,epoch,seed are ${key} as in line ${first}`,
        'keep one of them',
      );
    }
    seen.set(key, line);
    rows.push(row);
  }
  if (rows.length === 0)
    throw new BenchCsvError(file, 1, 'the table has no rows', 'was it written to the end?');
  return { rows, archs: known.sorted() };
}

/** One index and one architecture belong together in every row. */
class KnownArchitectures {
  readonly #file: string;
  readonly #archs = new Map<number, ArchRow>();
  readonly #indexOf = new Map<string, number>();

  constructor(file: string) {
    this.#file = file;
  }

  add(index: number, ops: string, line: number, params: () => ArchRow['params']): void {
    const refuse = (message: string, hint: string) => new BenchCsvError(this.#file, line, message, hint);
    if (index >= spaceSize)
      throw refuse(
        `index is '${index}'`,
        `the space has ${spaceSize} architectures, the last is ${spaceSize - 1}`,
      );
    const known = this.#archs.get(index);
    if (known && known.ops !== ops)
      throw refuse(`index ${index} is ${known.ops} before and ${ops} here`, 'give each its own');
    const other = this.#indexOf.get(ops) ?? index;
    if (other !== index)
      throw refuse(`architecture ${ops} has index ${other} before and ${index} here`, 'give it one index');
    this.#indexOf.set(ops, index);
    this.#archs.set(index, { index, ops, params: params(), flops: null, latency: null, trainSeconds: null });
  }

  sorted(): ArchRow[] {
    return [...this.#archs.values()].sort((a, b) => a.index - b.index);
  }
}

function fieldsOf({ fields, line }: CsvRecord, expected: number, file: string): readonly string[] {
  if (fields.length !== expected) {
    throw new BenchCsvError(
      file,
      line,
      `${fields.length} fields where the header has ${expected}`,
      'is the file cut off, or a row damaged?',
    );
  }
  return fields;
}

function opsOf(text: string, file: string, line: number): string {
  try {
    return toDigits(parseArchitecture(text.trim()));
  } catch (error) {
    throw new BenchCsvError(file, line, (error as Error).message, 'each row names one architecture');
  }
}

function accuracyOf(text: string, column: string, file: string, line: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 100)) {
    throw new BenchCsvError(
      file,
      line,
      `${column} is '${text.slice(0, 20)}'`,
      'an accuracy is a number from 0 to 100',
    );
  }
  return value;
}

function wholeOf(
  text: string,
  column: string,
  least: number,
  { file, line }: { readonly file: string; readonly line: number },
): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least) {
    throw new BenchCsvError(
      file,
      line,
      `${column} is '${text.slice(0, 20)}'`,
      `it must be a whole number from ${least}`,
    );
  }
  return value;
}

function textOf(text: string, column: string, file: string, line: number): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text)) {
    throw new BenchCsvError(
      file,
      line,
      `${column} is '${text.slice(0, 20)}'`,
      'use letters, digits, `-`, `_` and `.`',
    );
  }
  return text;
}

function paramsOf(text: string | undefined, column: string, file: string, line: number): number | null {
  if (text === undefined || text === '') return null;
  return wholeOf(text, column, 0, { file, line });
}
