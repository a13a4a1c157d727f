/** Makes a project's report from what is there: the one entry for `pipe report` and for the end of a run. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Workspace } from '../cell/workspace.ts';
import type { Cell, CellId, Graph } from '../plan/graph.ts';
import { enoughGathered } from '../run/order.ts';
import { layoutOf } from '../store/layout.ts';
import { readBaseline } from './model/baseline.ts';
import { collectReport, type RunEnd } from './model/collect.ts';
import { cellNow } from './model/look-at-cells.ts';
import { type WrittenReport, writeReport } from './write.ts';

export interface ReportRequest {
  /** Absolute path of the project folder. */
  readonly project: string;
  readonly graph: Graph;
  readonly document: {
    readonly file: string;
    readonly profile: string | null;
    readonly params: JsonObject;
    /** Null when the pipeline file does not say. */
    readonly title: string | null;
    readonly description: string;
  };
  readonly workspace: Pick<Workspace, 'placed' | 'outPath' | 'lastMs' | 'look'>;
  /** Path of an earlier report to compare with, relative to the project or absolute. */
  readonly baseline?: string | null;
  /** File to write the Markdown to, relative to the project or absolute. */
  readonly markdown?: string | null;
  /** --set arguments that the plan was made with. */
  readonly set?: readonly string[];
  /** Said by a run that reports before its own last event (`run-finished` names the report). */
  readonly ended?: RunEnd;
}

/**
 * Writes `reports/`; works at any time, with whatever is there: cache/runs/RUN/events.jsonl as far as it is written,
 * and the outs in place. Throws UserError for a baseline that is none.
 */
export async function makeReport(request: ReportRequest): Promise<WrittenReport> {
  const { project, graph, document, workspace } = request;
  const baseline = request.baseline ? await readBaseline(resolve(project, request.baseline)) : null;
  const heading = await projectHeading(project, document);
  const layout = layoutOf(project, document.file);
  const input = await collectReport({
    project,
    runs: layout.runs,
    graph,
    pipeline: document.file,
    profile: document.profile,
    params: document.params,
    ...heading,
    ended: request.ended ?? null,
    set: request.set ?? [],
    installs: existsSync(join(project, 'package.json')),
    now: async (cell, failed) => {
      const status = await workspace.look(cell.id, { without: goesOnWithout(cell, failed) });
      return cellNow(cell, status, { workspace, layout });
    },
  });
  return writeReport(project, input, { baseline, markdown: request.markdown ?? null });
}

/** What a gather went on without in the run that is reported, so that what it made of the rest is not out of date. */
function goesOnWithout(cell: Cell, failed: ReadonlySet<CellId>): ReadonlySet<CellId> {
  const lacking = cell.upstream.filter((above) => failed.has(above));
  return new Set(enoughGathered(cell, (above) => !failed.has(above)) ? lacking : []);
}

/** The pipeline's own title and description; without a title the package's name, else the folder's. */
async function projectHeading(
  project: string,
  { title, description }: ReportRequest['document'],
): Promise<{ readonly title: string; readonly description: string }> {
  if (title !== null && title !== '') return { title, description };
  const manifest = await readPackage(join(project, 'package.json'));
  return {
    title: textOf(manifest.name) || basename(project),
    description: description === '' ? textOf(manifest.description) : description,
  };
}

async function readPackage(path: string): Promise<JsonObject> {
  try {
    const value: Json = JSON.parse(await readFile(path, 'utf8'));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
