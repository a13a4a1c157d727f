/** What a run's pipeline said when it ran, kept in the run's folder: which outs the report reads, and the params. Results are read by it later, when the pipeline says something else. */
import { join } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { readOwnFile } from '../../lib/regular-file.ts';
import { replaceFile } from '../../lib/replace-file.ts';
import type { ReportMark } from '../config/document.ts';
import type { Graph } from '../plan/graph.ts';

export interface RecordedPlan {
  /** The pipeline file as the run read it; null: it was not recorded. */
  readonly text: string | null;
  readonly params: JsonObject;
  /** Stage → out → what the report makes of it. */
  readonly marks: ReadonlyMap<string, ReadonlyMap<string, ReportMark>>;
}

const name = 'plan.json';
const limitBytes = 16 * 1024 * 1024;
const known: readonly string[] = ['figures', 'table', 'metrics', 'claims', 'notice'] satisfies ReportMark[];

export function planRecord(graph: Graph, params: JsonObject, text: string | null = null): RecordedPlan {
  const marks = new Map<string, Map<string, ReportMark>>();
  for (const stage of graph.stages.values()) {
    const [first] = stage.cells;
    const outs = first === undefined ? [] : (graph.cells.get(first)?.outs ?? []);
    const marked = outs.flatMap(({ name: out, report }) => (report === null ? [] : [[out, report] as const]));
    if (marked.length > 0) marks.set(stage.name, new Map(marked));
  }
  return { text, params, marks };
}

/** `folder`: of the run. */
export function writePlanRecord(folder: string, { text, params, marks }: RecordedPlan): void {
  const stages = Object.fromEntries(Array.from(marks, ([stage, outs]) => [stage, Object.fromEntries(outs)]));
  replaceFile(join(folder, name), `${JSON.stringify({ version: 1, text, params, marks: stages })}\n`);
}

/** Null: none is recorded, or it is damaged. */
export function readPlanRecord(folder: string): RecordedPlan | null {
  const content = readOwnFile(join(folder, name), limitBytes);
  if (typeof content === 'string') return null;
  try {
    const value: Json = JSON.parse(content.toString('utf8'));
    if (!isJsonObject(value) || value.version !== 1) return null;
    const { text, params, marks } = value;
    if (!isJsonObject(params) || !isJsonObject(marks)) return null;
    const plain = typeof text === 'string' ? text : null;
    return {
      text: plain,
      params,
      marks: new Map(Object.entries(marks).map(([stage, outs]) => [stage, marksIn(outs)])),
    };
  } catch {
    return null;
  }
}

function marksIn(outs: Json | undefined): ReadonlyMap<string, ReportMark> {
  const found = new Map<string, ReportMark>();
  if (isJsonObject(outs))
    for (const [out, mark] of Object.entries(outs)) if (isMark(mark)) found.set(out, mark);
  return found;
}

function isMark(value: Json | undefined): value is ReportMark {
  return typeof value === 'string' && known.includes(value);
}
