/** A difference in the words of a terminal and of Markdown: the same facts in the same order. */
import { countText, numberText, signedText } from '../../lib/format.ts';
import type { ComparedSide, MetricChange, OutChange, ResultsDifference, ValueChange } from './difference.ts';

/** A part of a difference as rows of text, ready to be laid out. */
export interface DifferencePart {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Parts that have something to say, in order of what a reader wants first. */
export function differenceParts(difference: ResultsDifference): readonly DifferencePart[] {
  const { metrics, claims, params, software, figures, tables, states } = difference;
  const parts: readonly DifferencePart[] = [
    {
      title: 'Metrics',
      header: ['metric', 'of', 'before', 'after', 'change', '95 % interval', 'n', 'verdict'],
      rows: metrics.map(metricCells),
    },
    {
      title: 'Claims',
      header: ['claim', 'before', 'after'],
      rows: claims.map(({ statement, from, to }) => [statement, from ?? 'absent', to ?? 'absent']),
    },
    { title: 'Params', header: ['name', 'before', 'after'], rows: params.map(valueCells) },
    { title: 'Code and software', header: ['name', 'before', 'after'], rows: software.map(valueCells) },
    { title: 'Figures', header: ['figure', 'how'], rows: figures.map(outCells) },
    { title: 'Tables', header: ['table', 'how'], rows: tables.map(outCells) },
    { title: 'Cells', header: ['cell', 'before', 'after'], rows: states.map(valueCells) },
    { title: 'Cells in one only', header: ['where', 'cells'], rows: cellRows(difference) },
  ];
  return parts.filter(({ rows }) => rows.length > 0);
}

export function metricCells(change: MetricChange): readonly string[] {
  const { name, of, from, to, delta, interval, n, unit, verdict, better } = change;
  const unitText = unit === null ? '' : ` ${unit}`;
  const one = interval === null && n === 1 ? ', one value' : '';
  return [
    name,
    of,
    `${numberText(from)}${from === null ? '' : unitText}`,
    `${numberText(to)}${to === null ? '' : unitText}`,
    signedText(delta),
    interval === null ? '–' : `[${interval.map((end) => signedText(end, undefined)).join(', ')}]`,
    String(n),
    verdict === null ? '–' : verdict === 'unclear' ? `unclear (${better} is better)` : `${verdict}${one}`,
  ];
}

function valueCells({ name, from, to }: ValueChange): readonly string[] {
  return [name, from ?? 'absent', to ?? 'absent'];
}

function outCells({ name, title, how }: OutChange): readonly string[] {
  return [title === name ? name : `${title} (${name})`, how];
}

const cellsNamed = 8;

function cellRows({ newCells, missingCells }: ResultsDifference): readonly (readonly string[])[] {
  const row = (where: string, ids: readonly string[]): readonly (readonly string[])[] => {
    if (ids.length === 0) return [];
    const more = ids.length - cellsNamed;
    const named = ids.slice(0, cellsNamed).join(', ');
    return [[`${where} (${ids.length})`, more > 0 ? `${named} and ${more} more` : named]];
  };
  return [...row('new', newCells), ...row('missing', missingCells)];
}

export function sideText({ label, profile, revision, run }: ComparedSide): string {
  return [
    label,
    ...(profile === null ? [] : [`profile ${profile}`]),
    ...(revision === null || label.includes(revision) ? [] : [`revision ${revision}`]),
    ...(run === null || label.includes(run) ? [] : [`run ${run}`]),
  ].join(', ');
}

/** What was the same, in a line. */
export function sameText({ metrics, sameMetrics }: ResultsDifference): string {
  if (metrics.length + sameMetrics === 0) return 'no metric on either side';
  return `${countText(sameMetrics, 'metric')} the same`;
}

export interface MarkdownOptions {
  /** Tables and pictures beyond are cut, and said to be. */
  readonly rows?: number | undefined;
  /** Of figures that differ: the addresses of their pictures, by name. */
  readonly pictures?: ReadonlyMap<string, { readonly before: string | null; readonly after: string | null }>;
}

/** Markdown for a comment or a file. */
export function differenceMarkdown(
  difference: ResultsDifference,
  { rows = Number.POSITIVE_INFINITY, pictures = new Map() }: MarkdownOptions = {},
): string {
  const { from, to } = difference;
  const parts = differenceParts(difference).flatMap(({ title, header, rows: all }) => [
    `### ${title}`,
    '',
    `| ${header.map(escaped).join(' | ')} |`,
    `|${header.map(() => '---').join('|')}|`,
    ...all.slice(0, rows).map((row) => `| ${row.map(escaped).join(' | ')} |`),
    ...(all.length > rows ? ['', `The first ${rows} of ${all.length}.`] : []),
    '',
    ...(title === 'Figures' ? pictureLines(difference, pictures, rows) : []),
  ]);
  const notes = [...from.notes, ...to.notes].map((note) => `> ${escaped(note)}`);
  return `${[
    `**Before:** ${escaped(sideText(from))}  `,
    `**After:** ${escaped(sideText(to))}`,
    '',
    ...(notes.length === 0 ? [] : [...notes, '']),
    ...(parts.length === 0 ? ['Nothing differs.', ''] : parts),
    escaped(sameText(difference)),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

/** A small table per figure: before and after beside each other. */
function pictureLines(
  { figures }: ResultsDifference,
  pictures: NonNullable<MarkdownOptions['pictures']>,
  most: number,
): readonly string[] {
  const shown = figures.filter(({ name }) => {
    const { before = null, after = null } = pictures.get(name) ?? {};
    return before !== null || after !== null;
  });
  const image = (side: string, address: string | null | undefined) =>
    address == null ? 'none' : `![${side}](<${address.replace(/[<>\n]/g, encodeURIComponent)}>)`;
  return shown
    .slice(0, most)
    .flatMap(({ name, title }) => [
      `**${escaped(title)}**`,
      '',
      '| before | after |',
      '|---|---|',
      `| ${image('before', pictures.get(name)?.before)} | ${image('after', pictures.get(name)?.after)} |`,
      '',
    ]);
}

/** Text that Markdown leaves alone, on one line. */
function escaped(value: string): string {
  return value.replace(/[\\`*_{}[\]<>|#]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
}
