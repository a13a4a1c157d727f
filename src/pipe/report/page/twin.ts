/** The report's machine-readable twin: everything the page says, as one JSON document inside and beside it. */

import type { Json, JsonObject } from '../../../lib/json.ts';
import { reasonText } from '../../key/reason-text.ts';
import type { MadeWith } from '../../store/made-with.ts';
import type { DrawnFigure } from '../figure/figure.ts';
import { twinVersion } from '../model/baseline.ts';
import type { Origin, ReportCell, ReportInput } from '../model/input.ts';
import { hasFailed, hasResults } from '../model/state.ts';

/** Cells that the twin inside the page holds in full. */
const fullCells = 1500;

/**
 * A report in full as JSON. Absent where empty: a cell that simply ran is short. With `figureData` false, as it stands
 * in the page, figures are without specification and CSV: these follow compressed in `#figure-data`.
 */
export function reportTwin(
  input: ReportInput,
  figures: readonly DrawnFigure[],
  { figureData }: { figureData: boolean },
): JsonObject {
  const makers = new Makers();
  const from = (origin: Origin) => makers.from(origin);
  return plain({
    format: 'pipe-report',
    version: twinVersion,
    // Near the beginning: a run with nothing to do reads no further.
    configuration: input.configuration,
    title: input.title,
    description: input.description,
    pipeline: input.pipeline,
    profile: input.profile,
    set: input.set,
    run: input.run,
    counts: {
      cells: input.cells.length,
      withResults: input.cells.filter(({ state }) => hasResults(state)).length,
      failed: input.cells.filter(({ state }) => hasFailed(state)).length,
    },
    made: makers.list,
    claims: input.claims.flatMap(({ value, origin }) =>
      value.map((claim) => ({ ...claim, ...from(origin) })),
    ),
    ...(input.claims.some(({ hint }) => hint !== null)
      ? { claimHints: [...new Set(input.claims.flatMap(({ hint }) => hint ?? []))] }
      : {}),
    metrics: input.metrics.map(({ value, meanings, origin }) => ({
      ...from(origin),
      values: value,
      ...(Object.keys(meanings).length === 0 ? {} : { meanings }),
    })),
    tables: input.tables.map(({ value, origin }) => ({ ...value, ...from(origin) })),
    notices: input.notices.map(({ value, origin }) => ({ ...value, ...from(origin) })),
    figures: figures.map(({ figure, drawn, error }) => ({
      name: figure.name,
      ...from(figure.origin),
      meta: figure.meta,
      notDrawn: Math.max(drawn?.notDrawn ?? 0, figure.meta.notDrawn ?? 0),
      error,
      ...(figureData ? { csv: figure.csv, spec: figure.spec } : {}),
    })),
    stages: input.stages,
    sources: input.sources,
    // In the page, many cells are a name and a state each: the file beside it has the rest.
    cells:
      figureData || input.cells.length <= fullCells
        ? input.cells.map(cellTwin)
        : input.cells.map(({ id, state }) => ({ id, state })),
    params: input.params,
    commands: input.commands,
    provenance: input.provenance,
    problems: input.problems,
    stale: input.stale,
    causes: input.causes.map(reasonText),
  });
}

/** What the results were made with, each set of params once: results name theirs by its place in the list. */
class Makers {
  readonly list: MadeWith[] = [];
  readonly #known = new Map<string, number>();

  /** Where a result comes from; `stale` only where it is. */
  from({ cell, out, key, stale, made }: Origin): object {
    if (made === null) return { cell, out, key, ...(stale ? { stale } : {}) };
    const { run, finished, ...madeWith } = made;
    const text = JSON.stringify(madeWith);
    const place = this.#known.get(text) ?? this.list.push(madeWith) - 1;
    this.#known.set(text, place);
    return { cell, out, key, ...(stale ? { stale } : {}), made: { with: place, run, finished } };
  }
}

function cellTwin(cell: ReportCell): object {
  return {
    id: cell.id,
    stage: cell.stage,
    axes: cell.axes,
    state: cell.state,
    ...(cell.from === null ? {} : { from: cell.from }),
    ms: whole(cell.ms),
    startedMs: whole(cell.startedMs),
    endedMs: whole(cell.endedMs),
    key: cell.key,
    ...(cell.reasons.length === 0 ? {} : { why: cell.reasons.map(reasonText) }),
    ...(cell.gpus.length === 0 ? {} : { gpus: cell.gpus }),
    ...(cell.attempts <= 1 ? {} : { attempts: cell.attempts }),
    ...(cell.outBytes === null ? {} : { outBytes: cell.outBytes }),
    ...(cell.peakBytes === null ? {} : { peakBytes: cell.peakBytes }),
    ...(cell.cpuMs === null ? {} : { cpuMs: cell.cpuMs }),
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
