/**
 * Other people's predictions: CSV or JSON that names an architecture (index, NAS-Bench-201 string, six digits, a tuple)
 * and gives it a predicted accuracy or a score of any scale, the higher the better.
 */
import { csvRecords, isEmptyLine } from '../../lib/csv.ts';
import { asArchitecture, parseArchitecture, spaceSize, toDigits } from '../space/architecture.ts';

/** A file that cannot be read as predictions: which record, what is wrong, what to do. */
export class ExternalPredictionsError extends Error {
  override readonly name = 'ExternalPredictionsError';
}

export interface ExternalFile {
  /** What the predictions are called: the file's name without ending and seed. */
  readonly name: string;
  /** `proxy.seed3.csv` is seed 3 of `proxy`; a file without a seed is seed 0. */
  readonly seed: string;
  /** accuracy (in %) or score. */
  readonly kind: 'accuracy' | 'score';
  /** By six digits or by index, as the file names architectures. Values are finite. */
  readonly predictions: readonly { readonly architecture: Reference; readonly value: number }[];
  /** Records whose value is empty, null or NaN: the architecture was not predicted. */
  readonly empty: number;
}

export type Reference =
  | { readonly by: 'index'; readonly index: number }
  | { readonly by: 'ops'; readonly ops: string };

const architectureNames = [
  'architecture',
  'arch',
  'arch_str',
  'index',
  'ops',
  'digits',
  'tuple',
  'op_indices',
] as const;
const valueNames = ['accuracy', 'score', 'predicted', 'prediction'] as const;

/** Reads one file; its ending decides. `file` is its name, without folder. Throws ExternalPredictionsError. */
export function readExternalFile(text: string, file: string): ExternalFile {
  const match = /^(.+?)(?:\.seed(\w+))?\.(csv|json)$/i.exec(file);
  if (!match) throw new ExternalPredictionsError(`${file}: give a .csv or .json file`);
  const [, name, seed, ending] = match;
  const records = ending!.toLowerCase() === 'csv' ? csvTable(text, file) : jsonTable(text, file);
  const predictions: { architecture: Reference; value: number }[] = [];
  const seen = new Map<string, string>();
  let empty = 0;
  for (const { at, architecture, value } of records.rows) {
    const reference = referenceOf(architecture, records.architectureName, at);
    const key = reference.by === 'index' ? `#${reference.index}` : reference.ops;
    const first = seen.get(key);
    if (first !== undefined)
      throw new ExternalPredictionsError(`${at}: this architecture stands at ${first} already; keep one`);
    seen.set(key, at);
    const number = numberOf(value, records.kind, at);
    if (number === null) empty++;
    else predictions.push({ architecture: reference, value: number });
  }
  if (predictions.length === 0)
    throw new ExternalPredictionsError(`${file}: it has no predictions; was it written to the end?`);
  return { name: name!, seed: seed ?? '0', kind: records.kind, predictions, empty };
}

interface Records {
  readonly architectureName: (typeof architectureNames)[number];
  readonly kind: ExternalFile['kind'];
  readonly rows: readonly { readonly at: string; readonly architecture: unknown; readonly value: unknown }[];
}

function csvTable(text: string, file: string): Records {
  const { records, openQuote } = csvRecords(text);
  if (openQuote !== null)
    throw new ExternalPredictionsError(`${file}, line ${openQuote}: a quote is never closed`);
  const [header, ...rest] = records.filter((record) => !isEmptyLine(record));
  const names = header?.fields.map((name) => name.trim().toLowerCase()) ?? [];
  const [architectureName, valueName] = columnNames(names, `${file}:1`);
  const [architectureAt, valueAt] = [names.indexOf(architectureName), names.indexOf(valueName)];
  return {
    architectureName,
    kind: valueName === 'accuracy' ? 'accuracy' : 'score',
    rows: rest.map(({ line, fields }) => {
      if (fields.length !== names.length)
        throw new ExternalPredictionsError(
          `${file}:${line}: ${fields.length} fields where the header has ${names.length}; quote what holds a comma`,
        );
      const [architecture, value] = [fields[architectureAt]?.trim(), fields[valueAt]?.trim()];
      return { at: `${file}:${line}`, architecture, value };
    }),
  };
}

/** A list of records `{"architecture": …, "accuracy": …}`, or a map from architecture to score. */
function jsonTable(text: string, file: string): Records {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ExternalPredictionsError(`${file}: not JSON: ${(error as Error).message}`);
  }
  if (Array.isArray(document)) {
    const rows = document.map((record: unknown, i) => {
      if (typeof record !== 'object' || record === null || Array.isArray(record))
        throw new ExternalPredictionsError(
          `${file}, record ${i + 1}: it must be {"architecture": …, "accuracy": …}`,
        );
      return record;
    });
    const [architectureName, valueName] = columnNames(Object.keys(rows[0] ?? {}), `${file}, record 1`);
    return {
      architectureName,
      kind: valueName === 'accuracy' ? 'accuracy' : 'score',
      rows: rows.map((record, i) => {
        const at = `${file}, record ${i + 1}`;
        if (!Object.hasOwn(record, architectureName) || !Object.hasOwn(record, valueName))
          throw new ExternalPredictionsError(
            `${at}: it needs \`${architectureName}\` and \`${valueName}\`, as the first`,
          );
        return { at, architecture: field(record, architectureName), value: field(record, valueName) };
      }),
    };
  }
  if (typeof document !== 'object' || document === null)
    throw new ExternalPredictionsError(
      `${file}: it must be a list of records or a map from architecture to score`,
    );
  return {
    architectureName: 'architecture',
    kind: 'score',
    rows: Object.entries(document).map(([architecture, value]) => ({
      at: `${file}, key ${architecture}`,
      architecture,
      value,
    })),
  };
}

function field(record: object, name: string): unknown {
  return (record as Readonly<Record<string, unknown>>)[name];
}

function columnNames(names: readonly string[], at: string): [Records['architectureName'], string] {
  const architecture = architectureNames.find((name) => names.includes(name));
  const value = valueNames.find((name) => names.includes(name));
  if (architecture === undefined || value === undefined) {
    throw new ExternalPredictionsError(
      `${at}: there is no column for ${architecture === undefined ? 'the architecture' : 'the prediction'} among ` +
        `${names.slice(0, 8).join(', ') || 'none'}; call it ${(architecture === undefined ? architectureNames : valueNames).join(', ')}`,
    );
  }
  return [architecture, value];
}

/**
 * Which architecture a text, number or list names. Digits are distinguished from an index by the column's name, else by there
 * being six: an index has at most five.
 */
function referenceOf(value: unknown, column: string, at: string): Reference {
  try {
    if (Array.isArray(value)) return { by: 'ops', ops: opsOfTuple(value.map(Number), column) };
    const text = String(value ?? '').trim();
    if (text.startsWith('|')) return { by: 'ops', ops: toDigits(parseArchitecture(text)) };
    const tuple = /^[([]?\s*([0-4](?:[\s,;]+[0-4]){5})\s*[)\]]?$/.exec(text);
    if (tuple) return { by: 'ops', ops: opsOfTuple(tuple[1]!.split(/[\s,;]+/).map(Number), column) };
    // A spreadsheet takes leading zeros away; a column that holds digits gives them back.
    if (column === 'ops' || column === 'digits')
      return { by: 'ops', ops: toDigits(parseArchitecture(text.padStart(6, '0'))) };
    if (/^[0-4]{6}$/.test(text) && column !== 'index') return { by: 'ops', ops: text };
    const index = Number(text);
    if (/^\d+$/.test(text) && index < spaceSize) return { by: 'index', index };
    throw new SyntaxError(
      `'${text.slice(0, 60)}' is no architecture: give an index 0–${spaceSize - 1}, |op~0|+|op~0|op~1|+|op~0|op~1|op~2|, six digits 0–4 or a tuple`,
    );
  } catch (error) {
    throw new ExternalPredictionsError(`${at}: ${(error as Error).message}`);
  }
}

/** NASLib's own numbers: skip, zero, conv3x3, conv1x1, pool; and its order of edges, (0→1) (0→2) (0→3) (1→2) (1→3) (2→3). */
const naslibOperations = [1, 0, 3, 2, 4];
const naslibPlaces = [0, 1, 3, 2, 4, 5];

/**
 * A tuple of six numbers is spelt in two ways that look the same, ours and NASLib's: the column's name has to say which, or
 * it would be another architecture without anybody noticing. Throws SyntaxError.
 */
function opsOfTuple(tuple: readonly number[], column: string): string {
  if (column === 'tuple') return toDigits(asArchitecture(tuple));
  if (column !== 'op_indices')
    throw new SyntaxError(
      `a tuple in \`${column}\` can be meant in two ways: call the column \`tuple\` (0 zero, 1 skip, 2 conv1x1, 3 conv3x3, ` +
        '4 pool; edges 0→1 0→2 1→2 0→3 1→3 2→3) or `op_indices` (as NASLib has it)',
    );
  const given = asArchitecture(tuple);
  return toDigits(asArchitecture(naslibPlaces.map((place) => naslibOperations[given[place]!]!)));
}

function numberOf(value: unknown, kind: ExternalFile['kind'], at: string): number | null {
  if (value === null || value === undefined) return null;
  const text = String(value).trim();
  if (text === '' || /^(?:nan|null|none)$/i.test(text)) return null;
  const number = Number(text);
  if (!Number.isFinite(number))
    throw new ExternalPredictionsError(
      `${at}: '${text.slice(0, 40)}' is no prediction; give a finite number`,
    );
  if (kind === 'accuracy' && (number < 0 || number > 100))
    throw new ExternalPredictionsError(
      `${at}: an accuracy of ${number} is not between 0 and 100; call the column \`score\``,
    );
  return number;
}
