/** A report of before, as one side of a comparison. */

import { parseCellId } from '../plan/cell-id.ts';
import { type Baseline, readBaseline } from '../report/model/baseline.ts';
import { hasFailed, hasResults, type ReportState, stateLooks } from '../report/model/state.ts';
import { codeText } from './code-text.ts';
import type { ResultCell, Results } from './results.ts';

/** `path`: absolute; `label`: as it was typed. @throws UserError for a file that is no report */
export async function resultsOfReport(path: string, label: string): Promise<Results> {
  const report = await readBaseline(path);
  const { provenance, run, params, claims, tables, figures = [] } = report;
  return {
    label,
    run: run?.id ?? null,
    revision: provenance.revision,
    profile: report.profile ?? null,
    params,
    cells: report.cells.map(cellOf),
    metrics: report.metrics.flatMap(({ cell, values, meanings = {} }) =>
      Object.entries(values).map(([name, value]) => ({
        cell,
        name,
        value,
        better: meanings[name]?.better ?? null,
        unit: meanings[name]?.unit ?? null,
      })),
    ),
    tables: tables.map(({ cell, out, title = out, rows }) => ({ cell, out, title, rows })),
    figures: figures.map(({ spec = null, csv = null, ...figure }) => ({ ...figure, spec, csv })),
    claims: claims.map(({ id, verdict, statement = id }) => ({ id, verdict, statement })),
    software: new Map([
      ...Object.entries(provenance.tools),
      ...Object.entries(provenance.packages),
      ...Object.entries(provenance.code).map(
        ([stage, digest]) => [`code of ${stage}`, codeText(digest)] as const,
      ),
    ]),
    notes:
      figures.length > 0 && figures.every(({ spec }) => spec === undefined)
        ? [`${label} is a page: its figures can be compared with the report.json beside it`]
        : [],
  };
}

function cellOf({ id, state, stage, axes = {} }: Baseline['cells'][number]): ResultCell {
  const known = state in stateLooks ? (state as ReportState) : 'waiting';
  return {
    id,
    stage: stage ?? parseCellId(id)?.stage ?? id,
    axes,
    state: hasResults(known) ? 'there' : hasFailed(known) ? 'failed' : 'missing',
  };
}
