/** The report without its figures, as Markdown: to be kept with a project, or as the step summary of a GitHub workflow. */

import { countText, durationText, numberText } from '../../../lib/format.ts';
import { isJsonObject, type Json, jsonText } from '../../../lib/json.ts';
import type { JudgedClaim, TableRead } from '../../report-format.ts';
import { failureGroups } from '../model/failure-groups.ts';
import type { Origin, ReportInput } from '../model/input.ts';
import { madeText, outdatedResults } from '../model/outdated.ts';
import { hasFailed, hasResults, stateLooks, verdictLooks, wasCached } from '../model/state.ts';
import { verdict } from '../model/verdict.ts';

/** Tables of more than `rows` rows are cut, and say so. */
export function markdownReport(input: ReportInput, rows = Number.POSITIVE_INFINITY): string {
  const [look, words] = verdict(input);
  const { run } = input;
  const cached = input.cells.filter(({ state }) => wasCached(state)).length;
  const lines = [
    `## ${text(input.title)}`,
    '',
    `**${look.sign} ${words}**${run === null ? '' : ` · ${durationText(run.ms)} · ${cached} of ${input.cells.length} cached`}${input.profile === null ? '' : ` · profile ${text(input.profile)}`}`,
    '',
    ...outdatedLines(input),
    ...input.notices.flatMap(({ value }) => [`> **${text(value.title)}** ${text(value.text)}`, '']),
    ...claimLines(input),
    ...metricLines(input, rows),
    ...input.tables.flatMap(({ value, origin }) => tableLines({ table: value, origin, input }, rows)),
    ...stageLines(input),
    ...failureLines(input),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function outdatedLines(input: ReportInput): readonly string[] {
  const outdated = outdatedResults(input);
  if (outdated === null) return [];
  return [`> **${stateLooks.outdated.sign} ${text(outdated.title)}.** ${text(outdated.text)}`, ''];
}

/** ` (out of date: made by profile paper)`, or nothing. */
function staleness({ stale, made }: Origin, { params }: ReportInput): string {
  return stale ? text(` (out of date: ${madeText(made, params)})`) : '';
}

function metricLines(input: ReportInput, rowsShown: number): readonly string[] {
  const rows = input.metrics.flatMap(({ value, origin }) =>
    Object.entries(value).map(
      ([name, number]) =>
        `| ${text(name)} | ${text(origin.cell)} | ${number === null ? 'undefined' : numberText(number)}${staleness(origin, input)} |`,
    ),
  );
  if (rows.length === 0) return [];
  const cut = rows.length > rowsShown ? ['', `The first ${rowsShown} of ${rows.length} metrics.`] : [];
  return ['| Metric | Cell | Value |', '|---|---|--:|', ...rows.slice(0, rowsShown), ...cut, ''];
}

function claimLines(input: ReportInput): readonly string[] {
  const claims = input.claims.flatMap(({ value, origin }) => value.map((claim) => ({ ...claim, origin })));
  if (claims.length === 0) return [];
  return [
    '| Claim | Verdict | Effect | Paper | n | Scale | Why |',
    '|---|---|---|---|---|---|---|',
    ...claims.map(
      (claim) =>
        `| ${text(claim.statement)} | ${verdictLooks[claim.verdict].sign} ${claim.verdict}${staleness(claim.origin, input)} | ${effectText(claim)} | ${text(claim.paper)} | ${claim.n} of ${claim.planned} | ${text(claim.scale)} | ${text(claim.detail)} |`,
    ),
    '',
  ];
}

/** Three digits, as the page has them. */
function effectText({ effect, interval }: JudgedClaim): string {
  if (effect === null) return '–';
  const range = interval === null ? '' : ` [${interval.map((end) => numberText(end, 3)).join(', ')}]`;
  return `${numberText(effect, 3)}${range}`;
}

function tableLines(
  { table, origin, input }: { table: TableRead; origin: Origin; input: ReportInput },
  rowsShown: number,
): readonly string[] {
  return [
    `### ${text(table.title)}${staleness(origin, input)}`,
    '',
    `| ${table.columns.map(({ label, unit }) => text(unit === undefined ? label : `${label} (${unit})`)).join(' | ')} |`,
    `|${table.columns.map(({ kind }) => (kind === 'text' ? '---' : '--:')).join('|')}|`,
    ...table.rows
      .slice(0, rowsShown)
      .map(
        (row) =>
          `| ${table.columns.map(({ name, digits }) => valueText(row[name] ?? null, digits)).join(' | ')} |`,
      ),
    ...(table.rows.length > rowsShown ? ['', `The first ${rowsShown} of ${table.rows.length} rows.`] : []),
    '',
  ];
}

function valueText(value: Json, digits: number | undefined): string {
  if (typeof value === 'number') return numberText(value, digits);
  if (!isJsonObject(value)) return value === null ? '–' : text(jsonText(value));
  const { mean, std, n, planned } = value;
  const spread = typeof std === 'number' ? ` ± ${numberText(std, digits)}` : '';
  const short =
    typeof n === 'number' && typeof planned === 'number' && n < planned ? ` (n = ${n} of ${planned})` : '';
  return `${numberText(typeof mean === 'number' ? mean : null, digits)}${spread}${short}`;
}

function stageLines(input: ReportInput): readonly string[] {
  if (input.stages.length === 0) return [];
  return [
    '| Stage | Cells | Ran | Cached | Failed | Not run |',
    '|---|--:|--:|--:|--:|--:|',
    ...input.stages.map(({ name }) => {
      const cells = input.cells.filter(({ stage }) => stage === name);
      const count = (test: (state: (typeof cells)[number]['state']) => boolean): number =>
        cells.filter(({ state }) => test(state)).length;
      const missing = count((state) => !hasResults(state) && !hasFailed(state));
      return `| ${text(name)} | ${cells.length} | ${count((state) => state === 'done')} | ${count(wasCached)} | ${count(hasFailed)} | ${missing} |`;
    }),
    '',
  ];
}

function failureLines(input: ReportInput): readonly string[] {
  return failureGroups(input.cells).flatMap(({ cells, blocked }) => {
    const first = cells[0]!;
    const others = cells.length === 1 ? '' : ` and ${countText(cells.length - 1, 'other cell')}`;
    const tail = first.error?.tail.slice(-20).join('\n').replaceAll('```', "'''") ?? '';
    return [
      `### ✕ ${text(first.id)}${others}`,
      '',
      `${text(first.error?.message ?? 'failed')}${blocked === 0 ? '' : ` (${countText(blocked, 'cell')} not run because of it)`}`,
      '',
      ...(tail === '' ? [] : ['```', tail, '```', '']),
    ];
  });
}

/** Text that Markdown leaves alone, on one line. */
function text(value: string): string {
  return value.replace(/[\\`*_{}[\]<>|#]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
}
