/** The report in short, as Markdown for a GitHub step summary. */

import { isJsonObject, type Json } from '../json.ts';
import { isCached, isFailed, isHad, jsonText, type ReportInput } from './input.ts';
import type { TableDoc } from './mark.ts';
import { countText, durationText, numberText } from './number.ts';
import { failureGroups } from './section/failures.ts';
import { verdict } from './section/head.ts';
import { verdictLooks } from './state.ts';

/** Tables longer than this are cut, and say so: a step summary holds 1 MiB. */
const rowsShown = 50;

export function githubSummary(input: ReportInput): string {
  const [look, words] = verdict(input);
  const { run } = input;
  const cached = input.cells.filter(({ state }) => isCached(state)).length;
  const lines = [
    `## ${text(input.title)}`,
    '',
    `**${look.sign} ${words}**${run === null ? '' : ` · ${durationText(run.ms)} · ${cached} of ${input.cells.length} cached`}${input.profile === null ? '' : ` · profile ${text(input.profile)}`}`,
    '',
    ...input.notices.flatMap(({ value }) => [`> **${text(value.title)}** ${text(value.text)}`, '']),
    ...claimLines(input),
    ...input.tables.flatMap(({ value }) => tableLines(value)),
    ...stageLines(input),
    ...failureLines(input),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function claimLines(input: ReportInput): readonly string[] {
  const claims = input.claims.flatMap(({ value }) => value);
  if (claims.length === 0) return [];
  return [
    '| Claim | Verdict | Why | n |',
    '|---|---|---|---|',
    ...claims.map(
      (claim) =>
        `| ${text(claim.statement)} | ${verdictLooks[claim.verdict].sign} ${claim.verdict} | ${text(claim.detail)} | ${claim.n} of ${claim.planned} |`,
    ),
    '',
  ];
}

function tableLines(table: TableDoc): readonly string[] {
  return [
    `### ${text(table.title)}`,
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
      const missing = count((state) => !isHad(state) && !isFailed(state));
      return `| ${text(name)} | ${cells.length} | ${count((state) => state === 'done')} | ${count(isCached)} | ${count(isFailed)} | ${missing} |`;
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
