/**
 * The NAS-Bench-201 search space: a cell of 4 nodes and 6 edges, one of 5 operations on each edge
 * (Dong & Yang, ICLR 2020). Three spellings of an architecture: a 6-tuple of operation ids, the benchmark's string,
 * and six digits. Its *index* is its row in the benchmark's own shuffled list and needs that list (bench table).
 */

/** Operation ids in the order of their digits. */
export const operations = ['zero', 'skip', 'conv1x1', 'conv3x3', 'pool'] as const;
export type Operation = (typeof operations)[number];
/** 0 zero, 1 skip, 2 conv1x1, 3 conv3x3, 4 pool. */
export type OperationId = 0 | 1 | 2 | 3 | 4;

/** Edges as (from, to) in the order of a tuple. Node 0 is the cell's input, node 3 its output. */
export const edges = [
  [0, 1],
  [0, 2],
  [1, 2],
  [0, 3],
  [1, 3],
  [2, 3],
] as const;

export type Architecture = readonly [
  OperationId,
  OperationId,
  OperationId,
  OperationId,
  OperationId,
  OperationId,
];

/** Size of the whole space: 5^6. */
export const spaceSize = 15_625;

const benchmarkNames = ['none', 'skip_connect', 'nor_conv_1x1', 'nor_conv_3x3', 'avg_pool_3x3'] as const;

/** `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|` */
export function toBenchmarkString(architecture: Architecture): string {
  const part = (edge: number) => `${benchmarkNames[architecture[edge]!]}~${edges[edge]![0]}|`;
  return `|${part(0)}+|${part(1)}${part(2)}+|${part(3)}${part(4)}${part(5)}`;
}

/** Six digits in edge order, as the compact CSV writes them. */
export function toDigits(architecture: Architecture): string {
  return architecture.join('');
}

/** Counted up from the digits in base 5, first edge first: a dense number 0…15624, not the benchmark's index. */
export function toCode(architecture: Architecture): number {
  return architecture.reduce((code: number, operation) => code * 5 + operation, 0);
}

/** The inverse of toCode. Throws RangeError outside 0…15624. */
export function fromCode(code: number): Architecture {
  if (!Number.isInteger(code) || code < 0 || code >= spaceSize)
    throw new RangeError(`no architecture has the code ${code}`);
  const digits: OperationId[] = [];
  for (let rest = code, i = 0; i < 6; i++, rest = Math.floor(rest / 5))
    digits.unshift((rest % 5) as OperationId);
  return asArchitecture(digits);
}

/** Parses the benchmark's string or six digits. Throws SyntaxError that says what is wrong. */
export function parseArchitecture(text: string): Architecture {
  if (/^[0-4]{6}$/.test(text)) return asArchitecture([...text].map(Number));
  const match = /^\|([^|]+)\|\+\|([^|]+)\|([^|]+)\|\+\|([^|]+)\|([^|]+)\|([^|]+)\|$/.exec(text);
  if (!match)
    throw new SyntaxError(`'${text}' is neither six digits 0–4 nor |op~0|+|op~0|op~1|+|op~0|op~1|op~2|`);
  return asArchitecture(
    match.slice(1).map((term, edge) => {
      const [name, from] = term.split('~');
      const id = benchmarkNames.findIndex((known) => known === name);
      if (id < 0)
        throw new SyntaxError(`'${name}' in '${text}' is no operation: use ${benchmarkNames.join(', ')}`);
      if (from !== String(edges[edge]![0]))
        throw new SyntaxError(`'${term}' in '${text}' must come from node ${edges[edge]![0]}`);
      return id;
    }),
  );
}

/** Checks that the numbers are six operation ids. Throws RangeError otherwise. */
export function asArchitecture(ids: readonly number[]): Architecture {
  if (ids.length !== 6 || ids.some((id) => !Number.isInteger(id) || id < 0 || id > 4)) {
    throw new RangeError(`[${ids.join(', ')}] is no architecture: six operation ids 0–4`);
  }
  return ids as unknown as Architecture;
}
