/** The table of `npm run study:power`: a row per claim, a group of columns per number of seeds. */
import type { Power } from './power.ts';

export function powerMarkdown(rows: readonly Power[]): string {
  const seeds = [...new Set(rows.map((row) => row.seeds))];
  const ids = [...new Set(rows.map(({ id }) => id))];
  const columns = (of: (n: number) => string) => seeds.map(of).join(' | ');
  const at = (id: string, n: number) => rows.find((row) => row.id === id && row.seeds === n);
  const lines = ids.map((id) => {
    const cells = (value: (row: Power) => number | null) =>
      columns((n) => {
        const row = at(id, n);
        const found = row === undefined ? null : value(row);
        return found === null ? '–' : found.toFixed(2);
      });
    return [
      '',
      id,
      cells((row) => row.supportedWhenTrue),
      cells((row) => row.contradictedWhenTrue),
      cells((row) => row.supportedWhenNull),
      cells((row) => row.partSupportedWhenNull),
      cells((row) => row.coverage),
      '',
    ]
      .join(' | ')
      .trim();
  });
  const names = [
    'supported when true',
    'contradicted when true',
    'supported when null',
    'worst part as claimed when null',
    'coverage of 95 %',
  ];
  const header = names.map((name) => columns((n) => `${name}, n = ${n}`));
  return [
    `| claim | ${header.join(' | ')} |`,
    `|${'---|'.repeat(1 + names.length * seeds.length)}`,
    ...lines,
  ].join('\n');
}
