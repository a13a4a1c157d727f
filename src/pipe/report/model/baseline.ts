/** A report of before, read back from its JSON or out of its page, and what has changed since. */
import { readFile, stat } from 'node:fs/promises';
import { UserError } from '../../../lib/diagnostics/diagnostic.ts';
import { canonicalJson, type Json, type JsonObject, jsonText } from '../../../lib/json.ts';
import type { FigureMeta, KeyFigure } from '../../report-format.ts';
import type { ReportInput } from './input.ts';
import { flatParams } from './params.ts';

/** Version of the twin's layout, raised when a reader of the older one would misread it. */
export const twinVersion = 1;

/** Of a report's twin, what a comparison needs. */
export interface Baseline {
  readonly title: string;
  readonly run: { readonly id: string; readonly started: string } | null;
  readonly profile?: string | null;
  readonly metrics: readonly {
    readonly cell: string;
    readonly values: Readonly<Record<string, number | null>>;
    readonly meanings?: Readonly<Record<string, Partial<Pick<KeyFigure, 'better' | 'unit'>>>>;
  }[];
  /** Only the file beside a page has specifications. */
  readonly figures?: readonly {
    readonly name: string;
    readonly cell: string;
    readonly meta: FigureMeta;
    readonly spec?: JsonObject;
    readonly csv?: string | null;
  }[];
  readonly tables: readonly {
    readonly cell: string;
    readonly out: string;
    readonly title?: string;
    readonly columns: readonly { readonly name: string; readonly kind: string }[];
    readonly rows: readonly Readonly<Record<string, Json>>[];
  }[];
  readonly claims: readonly { readonly id: string; readonly verdict: string; readonly statement?: string }[];
  readonly cells: readonly {
    readonly id: string;
    readonly state: string;
    readonly stage?: string;
    readonly axes?: Readonly<Record<string, string>>;
  }[];
  readonly params: JsonObject;
  readonly provenance: {
    readonly revision: string | null;
    readonly version: string;
    readonly code: Readonly<Record<string, string>>;
    readonly packages: Readonly<Record<string, string>>;
    readonly tools: Readonly<Record<string, string>>;
  };
}

export interface Change {
  readonly name: string;
  /** Null: absent on that side. */
  readonly from: string | null;
  readonly to: string | null;
}

export interface Comparison {
  readonly metrics: readonly {
    readonly name: string;
    readonly from: number | null;
    readonly to: number | null;
  }[];
  readonly verdicts: readonly Change[];
  readonly params: readonly Change[];
  /** Stages' code, packages, tools, revision. */
  readonly software: readonly Change[];
  readonly newCells: readonly string[];
  readonly missingCells: readonly string[];
}

const largest = 50_000_000;

/** Reads `report.json`, or the page that holds the same. Throws UserError for a file that is neither. */
export async function readBaseline(path: string): Promise<Baseline> {
  const size = await stat(path).then(
    (file) => file.size,
    () => {
      throw new UserError(`no report to compare with at ${path}`, {
        code: 2,
        hint: 'name a report.json or a report page made by `pipe report`',
      });
    },
  );
  if (size > largest) throw notAReport(path, `${size} bytes are more than a report has`);
  const text = await readFile(path, 'utf8');
  const json = text.trimStart().startsWith('{')
    ? text
    : /<script type="application\/json" id="report-data">([\s\S]*?)<\/script>/.exec(text)?.[1];
  if (json === undefined) throw notAReport(path, 'it holds no report data');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw notAReport(path, (error as Error).message);
  }
  const result = (await baselineSchema()).safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw notAReport(path, `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}`);
}

async function baselineSchema() {
  const [{ z }, { figureMeta }] = await Promise.all([import('zod'), import('../../report-format.ts')]);
  const json = z.json() as unknown as import('zod').ZodType<Json>;
  const names = z.record(z.string(), z.string());
  return z.object({
    format: z.literal('pipe-report'),
    version: z.literal(twinVersion),
    title: z.string(),
    run: z.object({ id: z.string(), started: z.string() }).nullable(),
    profile: z.string().nullable().exactOptional(),
    metrics: z.array(baselineMetric(z)),
    figures: z
      .array(
        z.object({
          name: z.string(),
          cell: z.string(),
          meta: figureMeta,
          spec: z.record(z.string(), json).exactOptional(),
          csv: z.string().nullable().exactOptional(),
        }),
      )
      .exactOptional(),
    tables: z.array(
      z.object({
        cell: z.string(),
        out: z.string(),
        title: z.string().exactOptional(),
        columns: z.array(z.object({ name: z.string(), kind: z.string() })),
        rows: z.array(z.record(z.string(), json)),
      }),
    ),
    claims: z.array(z.object({ id: z.string(), verdict: z.string(), statement: z.string().exactOptional() })),
    cells: z.array(
      z.object({
        id: z.string(),
        state: z.string(),
        stage: z.string().exactOptional(),
        axes: z.record(z.string(), z.string()).exactOptional(),
      }),
    ),
    params: z.record(z.string(), json),
    provenance: z.object({
      revision: z.string().nullable(),
      version: z.string(),
      code: names,
      packages: names,
      tools: names,
    }),
  });
}

function baselineMetric(z: typeof import('zod').z) {
  const meaning = z.object({
    better: z.enum(['higher', 'lower']).exactOptional(),
    unit: z.string().exactOptional(),
  });
  return z.object({
    cell: z.string(),
    values: z.record(z.string(), z.number().nullable()),
    meanings: z.record(z.string(), meaning).exactOptional(),
  });
}

function notAReport(path: string, why: string): UserError {
  return new UserError(`${path} is not a report that can be compared with: ${why}`, {
    code: 2,
    hint: 'name a report.json or a report page made by this version of `pipe report`',
  });
}

/** What has changed from the baseline to now, unchanged things left out. */
export function compareWith(baseline: Baseline, input: ReportInput): Comparison {
  const before = metricMap(baseline.metrics);
  const after = metricMap(input.metrics.map(({ origin, value }) => ({ cell: origin.cell, values: value })));
  const names = [...new Set([...after.keys(), ...before.keys()])];
  const { provenance } = input;
  const cellsBefore = new Set(baseline.cells.map(({ id }) => id));
  const has = new Set(input.cells.map(({ id }) => id));
  return {
    metrics: names
      .map((name) => ({ name, from: before.get(name) ?? null, to: after.get(name) ?? null }))
      .filter(({ from, to }) => from !== to),
    verdicts: changes(
      baseline.claims.map(({ id, verdict }) => [id, verdict] as const),
      input.claims.flatMap(({ value }) => value.map(({ id, verdict }) => [id, verdict] as const)),
    ),
    params: changes(flatParams(baseline.params), flatParams(input.params)),
    software: [
      ...changes(
        [['revision', baseline.provenance.revision ?? '–']],
        [['revision', provenance.revision ?? '–']],
      ),
      ...changes([['pipe', baseline.provenance.version]], [['pipe', provenance.version]]),
      ...changes(
        Object.entries(baseline.provenance.code).map(([stage, digest]) => [
          `code of ${stage}`,
          digest.slice(0, 12),
        ]),
        Object.entries(provenance.code).map(([stage, digest]) => [`code of ${stage}`, digest.slice(0, 12)]),
      ),
      ...changes(Object.entries(baseline.provenance.packages), Object.entries(provenance.packages)),
      ...changes(Object.entries(baseline.provenance.tools), Object.entries(provenance.tools)),
    ],
    newCells: input.cells.map(({ id }) => id).filter((id) => !cellsBefore.has(id)),
    missingCells: baseline.cells.map(({ id }) => id).filter((id) => !has.has(id)),
  };
}

/** The row of a baseline's table that is this row: the one with the same texts in the text columns. */
export function baselineRow(
  baseline: Baseline,
  table: { readonly cell: string; readonly out: string },
  columns: readonly { readonly name: string; readonly kind: string }[],
  row: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> | null {
  const then = baseline.tables.find(({ cell, out }) => cell === table.cell && out === table.out);
  // What names a row stands before its numbers; a text behind them is a result, and may have changed.
  const first = columns.findIndex(({ kind }) => kind !== 'text');
  const texts = columns.slice(0, first < 0 ? columns.length : first).map(({ name }) => name);
  const key = (candidate: Readonly<Record<string, Json>>): string =>
    canonicalJson(texts.map((name) => candidate[name] ?? null));
  return then?.rows.find((candidate) => key(candidate) === key(row)) ?? null;
}

function metricMap(
  metrics: readonly { readonly cell: string; readonly values: Readonly<Record<string, number | null>> }[],
): ReadonlyMap<string, number | null> {
  const several = new Set(metrics.map(({ cell }) => cell)).size > 1;
  return new Map(
    metrics.flatMap(({ cell, values }) =>
      Object.entries(values).map(([name, value]) => [several ? `${cell}: ${name}` : name, value] as const),
    ),
  );
}

function changes(
  before: readonly (readonly [string, string])[],
  after: readonly (readonly [string, string])[],
): readonly Change[] {
  const from = new Map(before);
  const to = new Map(after);
  return [...new Set([...to.keys(), ...from.keys()])]
    .map((name) => ({ name, from: from.get(name) ?? null, to: to.get(name) ?? null }))
    .filter((change) => change.from !== change.to);
}

/** A value of a baseline as text, for a title. */
export function baselineLabel(baseline: Baseline): string {
  return baseline.run === null ? baseline.title : `run ${jsonText(baseline.run.id)}`;
}
