/** Reads and checks the outs that a pipeline marks for the report (formats in report-format.ts). What is wrong becomes a problem with its file, never a crash. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { JsonObject } from '../../../lib/json.ts';
import type { ReportMark } from '../../config/document.ts';
import {
  claimsMark,
  figureMark,
  type KeyFigure,
  type MetricsMark,
  metricsMark,
  type NoticeMark,
  noticeMark,
  type TableRead,
  tableMark,
} from '../../report-format.ts';
import type {
  Marked,
  MarkedClaims,
  MarkedMetrics,
  Origin,
  ReportFigure,
  ReportInput,
  ReportProblem,
} from './input.ts';
import { type Place, placeIn, placeOfSyntaxError } from './json-place.ts';

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

/** Numbers, and apart from them what they mean. */
function keyFigures(mark: MetricsMark): Omit<MarkedMetrics, 'origin'> {
  const value: Record<string, number | null> = {};
  const meanings: Record<string, Omit<KeyFigure, 'value'>> = {};
  for (const [name, item] of Object.entries(mark)) {
    if (typeof item === 'number' || item === null) value[name] = item;
    else {
      const { value: number, ...meaning } = item;
      value[name] = number;
      meanings[name] = meaning;
    }
  }
  return { value, meanings };
}

/** Reads every marked out, in the given order. */
export async function readMarkedOuts(outs: readonly MarkedOut[]): Promise<ReadMarks> {
  const figures: ReportFigure[] = [];
  const tables: Marked<TableRead>[] = [];
  const metrics: MarkedMetrics[] = [];
  const claims: MarkedClaims[] = [];
  const notices: Marked<NoticeMark>[] = [];
  const problems: ReportProblem[] = [];
  if (outs.length > 0) {
    for (const out of outs) {
      const { origin } = out;
      try {
        if (out.mark === 'figures') await readFigures(out, figures, problems);
        else if (out.mark === 'table') tables.push({ origin, value: await readDocument(out, tableMark) });
        else if (out.mark === 'metrics')
          metrics.push({ origin, ...keyFigures(await readDocument(out, metricsMark)) });
        else if (out.mark === 'claims') {
          const { claims: value, hint = null } = await readDocument(out, claimsMark);
          claims.push({ origin, value, hint });
        } else notices.push({ origin, value: await readDocument(out, noticeMark) });
      } catch (error) {
        problems.push({ origin, file: out.shown, ...problemOf(error) });
      }
    }
  }
  return { figures: distinctNames(figures), tables, metrics, claims, notices, problems };
}

async function readFigures(
  out: MarkedOut,
  figures: ReportFigure[],
  problems: ReportProblem[],
): Promise<void> {
  const names = (await readdir(out.path)).filter((name) => name.endsWith('.vl.json')).sort();
  for (const file of names) {
    const name = file.slice(0, -'.vl.json'.length);
    try {
      const text = await readBounded(join(out.path, file), limits.figure);
      const meta = parseWith(figureMark, text).usermeta.pipe;
      // Checked to be an object; whatever else it holds is JSON.
      const spec: JsonObject = JSON.parse(text);
      const csv = await readBounded(join(out.path, `${name}.csv`), limits.csv).catch((error: unknown) => {
        if (isMissing(error)) return null;
        throw error;
      });
      figures.push({ name, origin: out.origin, meta, spec, csv });
    } catch (error) {
      problems.push({ origin: out.origin, file: `${out.shown}/${file}`, ...problemOf(error) });
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

async function readDocument<Schema extends z.ZodType>(
  out: MarkedOut,
  schema: Schema,
): Promise<z.infer<Schema>> {
  return parseWith(schema, await readBounded(out.path, limits.document));
}

/** Something wrong with a file, and where in it. */
class MarkError extends Error {
  readonly place: Place | null;
  constructor(message: string, place: Place | null) {
    super(message);
    this.place = place;
  }
}

function parseWith<Schema extends z.ZodType>(schema: Schema, text: string): z.infer<Schema> {
  const result = schema.safeParse(parseJson(text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path ?? [];
  const where = path.length === 0 ? 'the document' : path.map(String).join('.');
  throw new MarkError(`${where}: ${issue?.message ?? 'not as the format says'}`, placeIn(text, path));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new MarkError(`not JSON: ${error.message}`, placeOfSyntaxError(text, error));
  }
}

async function readBounded(path: string, most: number): Promise<string> {
  const { size } = await stat(path);
  if (size > most) throw new Error(`${size} bytes, at most ${most} are read: bin or aggregate its data`);
  return readFile(path, 'utf8');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function problemOf(error: unknown): Pick<ReportProblem, 'message' | 'place'> {
  if (error instanceof MarkError) return { message: error.message, place: error.place };
  if (isMissing(error)) return { message: 'it is not there', place: null };
  return { message: error instanceof Error ? error.message : String(error), place: null };
}
