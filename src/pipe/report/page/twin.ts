/** The report's machine-readable twin: everything the page says, as one JSON document inside and beside it. */
import type { Json, JsonObject } from '../../../lib/json.ts';
import { reasonText } from '../../key/reason-text.ts';
import { isFailed, isInPlace } from '../../run/cell-state.ts';
import type { DrawnFigure } from '../figure/figure.ts';
import { twinVersion } from '../model/baseline.ts';
import type { ReportCell, ReportInput } from '../model/input.ts';

/**
 * A report in full as JSON. Absent where empty: a cell that simply ran is short. With `figureData` false, as it stands
 * in the page, figures are without specification and CSV: these follow compressed in `#figure-data`.
 */
export function reportTwin(
  input: ReportInput,
  figures: readonly DrawnFigure[],
  { figureData }: { figureData: boolean },
): JsonObject {
  return plain({
    format: 'pipe-report',
    version: twinVersion,
    title: input.title,
    description: input.description,
    pipeline: input.pipeline,
    profile: input.profile,
    run: input.run,
    counts: {
      cells: input.cells.length,
      had: input.cells.filter(({ state }) => isInPlace(state)).length,
      failed: input.cells.filter(({ state }) => isFailed(state)).length,
    },
    claims: input.claims.flatMap(({ value }) => value),
    metrics: input.metrics.map(({ value, origin }) => ({ cell: origin.cell, values: value })),
    tables: input.tables.map(({ value, origin }) => ({ cell: origin.cell, out: origin.out, ...value })),
    notices: input.notices.map(({ value }) => value),
    figures: figures.map(({ figure, drawn, error }) => ({
      name: figure.name,
      cell: figure.origin.cell,
      meta: figure.meta,
      notDrawn: Math.max(drawn?.notDrawn ?? 0, figure.meta.notDrawn ?? 0),
      error,
      ...(figureData ? { csv: figure.csv, spec: figure.spec } : {}),
    })),
    stages: input.stages,
    sources: input.sources,
    cells: input.cells.map(cellTwin),
    params: input.params,
    commands: input.commands,
    provenance: input.provenance,
    problems: input.problems,
    stale: input.stale,
  });
}

function cellTwin(cell: ReportCell): object {
  return {
    id: cell.id,
    stage: cell.stage,
    axes: cell.axes,
    state: cell.state,
    ms: whole(cell.ms),
    startedMs: whole(cell.startedMs),
    endedMs: whole(cell.endedMs),
    key: cell.key,
    ...(cell.reasons.length === 0 ? {} : { why: cell.reasons.map(reasonText) }),
    ...(cell.gpus.length === 0 ? {} : { gpus: cell.gpus }),
    ...(cell.attempts <= 1 ? {} : { attempts: cell.attempts }),
    ...(cell.outBytes === null ? {} : { outBytes: cell.outBytes }),
    ...(cell.error === null ? {} : { error: cell.error }),
    ...(cell.log === null || cell.error === null ? {} : { log: cell.log }),
    ...(cell.cause === null ? {} : { cause: cell.cause }),
    ...(Object.keys(cell.metrics).length === 0 ? {} : { metrics: cell.metrics }),
    ...(cell.warnings.length === 0 ? {} : { warnings: cell.warnings }),
  };
}

function whole(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}

/** Drops what JSON has no word for (undefined) and gives the rest its JSON type. */
function plain(value: object): JsonObject {
  const copy: Json = JSON.parse(JSON.stringify(value));
  return copy as JsonObject;
}

/** JSON that may stand inside a script element. */
export function embeddable(json: string): string {
  return json.replace(/</g, '\\u003c');
}
