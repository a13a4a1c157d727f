/** The table of `npm run study:power`: a row per claim; in a cell a value for each number of seeds. */
import type { Power } from './power.ts';

const columns: readonly (readonly [name: string, of: (row: Power) => number | null])[] = [
  ['supported, the paper being right', (row) => row.supportedWhenTrue],
  ['contradicted, the paper being right', (row) => row.contradictedWhenTrue],
  ['supported, nothing being true', (row) => row.supportedWhenNull],
  ['its worst part as claimed, that being untrue', (row) => row.partSupportedWhenNull],
  ['intervals that hold the truth', (row) => row.coverage],
];

/** Markdown. –: the claim has nothing of the kind. */
export function powerMarkdown(rows: readonly Power[]): string {
  const seeds = [...new Set(rows.map((row) => row.seeds))].sort((a, b) => a - b);
  const ids = [...new Set(rows.map(({ id }) => id))];
  const lines = ids.map((id) => {
    const cells = columns.map(([, of]) =>
      seeds
        .map((n) => {
          const row = rows.find((one) => one.id === id && one.seeds === n);
          return (row && of(row)?.toFixed(2)) ?? '–';
        })
        .join(' / '),
    );
    return `| ${[id, ...cells].join(' | ')} |`;
  });
  const header = ['claim', ...columns.map(([name]) => name)];
  return [
    `n = ${seeds.join(' / ')}; ${rows[0]?.studies} studies each.`,
    '',
    `| ${header.join(' | ')} |`,
    `|${'---|'.repeat(header.length)}`,
    ...lines,
  ].join('\n');
}
