/** Reads and checks the outs that a pipeline marks for the report (formats in mark.ts). What is wrong becomes a problem with its file, never a crash. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json, JsonObject } from '../../../lib/json.ts';
import type { ReportMark } from '../../config/document.ts';
import type { Marked, Origin, ReportFigure, ReportInput, ReportProblem } from './input.ts';
import type { ClaimResult, ClaimsDoc, NoticeDoc, TableDoc } from './mark.ts';

export interface MarkedOut {
  readonly origin: Origin;
  readonly mark: ReportMark;
  /** Absolute path of the file or folder. */
  readonly path: string;
  /** The same path as the report names it, relative to the project. */
  readonly shown: string;
}

export type ReadMarks = Pick<
  ReportInput,
  'figures' | 'tables' | 'metrics' | 'claims' | 'notices' | 'problems'
>;

/** Largest file of a kind that is read: more is a mistake, not a report. */
const limits = { figure: 8_000_000, csv: 4_000_000, document: 4_000_000 } as const;

/** Reads every marked out, in the given order. */
export async function readMarks(outs: readonly MarkedOut[]): Promise<ReadMarks> {
  const figures: ReportFigure[] = [];
  const tables: Marked<TableDoc>[] = [];
  const metrics: Marked<Readonly<Record<string, number | null>>>[] = [];
  const claims: Marked<readonly ClaimResult[]>[] = [];
  const notices: Marked<NoticeDoc>[] = [];
  const problems: ReportProblem[] = [];
  if (outs.length > 0) {
    const schemas = await markSchemas();
    for (const out of outs) {
      const { origin } = out;
      try {
        if (out.mark === 'figures') await readFigures(out, schemas, figures, problems);
        else if (out.mark === 'table') tables.push({ origin, value: await readDocument(out, schemas.table) });
        else if (out.mark === 'metrics')
          metrics.push({ origin, value: await readDocument(out, schemas.metrics) });
        else if (out.mark === 'claims')
          claims.push({ origin, value: (await readDocument(out, schemas.claims)).claims });
        else notices.push({ origin, value: await readDocument(out, schemas.notice) });
      } catch (error) {
        problems.push({ origin, file: out.shown, message: messageOf(error) });
      }
    }
  }
  return { figures: distinctNames(figures), tables, metrics, claims, notices, problems };
}

async function readFigures(
  out: MarkedOut,
  schemas: Schemas,
  figures: ReportFigure[],
  problems: ReportProblem[],
): Promise<void> {
  const names = (await readdir(out.path)).filter((name) => name.endsWith('.vl.json')).sort();
  for (const file of names) {
    const name = file.slice(0, -'.vl.json'.length);
    try {
      const text = await readBounded(join(out.path, file), limits.figure);
      const spec: JsonObject = parseWith(schemas.spec, text);
      const meta = parseWith(schemas.meta, text).usermeta.pipe;
      const csv = await readBounded(join(out.path, `${name}.csv`), limits.csv).catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw error;
      });
      figures.push({ name, origin: out.origin, meta, spec, csv });
    } catch (error) {
      problems.push({ origin: out.origin, file: `${out.shown}/${file}`, message: messageOf(error) });
    }
  }
}

/** Figures of several cells may share a name; then the cell is part of it. */
function distinctNames(figures: readonly ReportFigure[]): readonly ReportFigure[] {
  const counts = new Map<string, number>();
  for (const { name } of figures) counts.set(name, (counts.get(name) ?? 0) + 1);
  return figures.map((figure) =>
    counts.get(figure.name) === 1 ? figure : { ...figure, name: `${figure.name}@${figure.origin.cell}` },
  );
}

interface Schema<T> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
        };
      };
}

interface Schemas {
  readonly spec: Schema<JsonObject>;
  readonly meta: Schema<{ usermeta: { pipe: ReportFigure['meta'] } }>;
  readonly table: Schema<TableDoc>;
  readonly metrics: Schema<Readonly<Record<string, number | null>>>;
  readonly claims: Schema<ClaimsDoc>;
  readonly notice: Schema<NoticeDoc>;
}

async function markSchemas(): Promise<Schemas> {
  const { z } = await import('zod');
  const text = z.string().max(10_000);
  const json: Schema<Json> & import('zod').ZodType<Json> = z.json() as never;
  return {
    spec: z.record(z.string(), json),
    meta: z.object({
      usermeta: z.object({
        pipe: z.object({
          title: text,
          caption: text,
          section: text,
          order: z.number(),
          statement: text.exactOptional(),
          notDrawn: z.number().int().min(0).exactOptional(),
          partial: text.exactOptional(),
        }),
      }),
    }),
    table: z.object({
      title: text,
      caption: text,
      columns: z
        .array(
          z.object({
            name: text,
            label: text,
            kind: z.enum(['text', 'number', 'spread']),
            digits: z.number().int().min(0).max(12).exactOptional(),
            unit: text.exactOptional(),
            better: z.enum(['higher', 'lower']).exactOptional(),
          }),
        )
        .min(1),
      rows: z.array(z.record(z.string(), json)).max(20_000),
      notes: z.array(text),
    }),
    metrics: z.record(z.string(), z.number().nullable()),
    claims: z.object({
      claims: z.array(
        z.object({
          id: text,
          statement: text,
          source: text,
          verdict: z.enum(['supported', 'contradicted', 'undecided']),
          detail: text,
          effect: z.number().nullable(),
          interval: z.tuple([z.number(), z.number()]).nullable(),
          n: z.number(),
          planned: z.number(),
          scale: text,
          paper: text,
        }),
      ),
    }),
    notice: z.object({
      level: z.enum(['info', 'warning']),
      title: text,
      text,
      facts: z.record(z.string(), text),
    }),
  };
}

async function readDocument<T>(out: MarkedOut, schema: Schema<T>): Promise<T> {
  return parseWith(schema, await readBounded(out.path, limits.document));
}

function parseWith<T>(schema: Schema<T>, text: string): T {
  const result = schema.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  throw new Error(`${path === '' ? 'the document' : path}: ${issue?.message ?? 'not as the format says'}`);
}

async function readBounded(path: string, most: number): Promise<string> {
  const { size } = await stat(path);
  if (size > most) throw new Error(`${size} bytes, at most ${most} are read: bin or aggregate its data`);
  return readFile(path, 'utf8');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function messageOf(error: unknown): string {
  if (isMissing(error)) return 'it is not there';
  return error instanceof SyntaxError ? `not JSON: ${error.message}` : (error as Error).message;
}
