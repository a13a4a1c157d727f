/** Opens what a verb works on: the plan, the cells its targets name, the workspace. */
import { isAbsolute, relative, resolve } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { Workspace } from '../cell/workspace.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import { selectCells } from '../plan/target.ts';
import { type OpenedPipeline, type OpenOptions, openPlan } from '../project/open-plan.ts';
import type { PlannedPipeline } from '../project/plan-json.ts';
import { type RemoteSettings, remoteSettings } from '../remote/settings.ts';
import type { ReportRequest } from '../report/report.ts';
import type { WrittenReport } from '../report/write.ts';
import type { Invocation, Parsed } from './command.ts';

/**
 * The plan that --file, --profile and --set describe. Missing files that stages read are said, and block only those.
 * @throws UserError (exit 2) with every diagnostic
 */
export async function planOf(
  parsed: Parsed,
  invocation: Invocation,
  options: Pick<OpenOptions, 'checkFiles'> = {},
): Promise<OpenedPipeline> {
  const opened = await openPlan(invocation.project, {
    ...options,
    file: pipelineFile(parsed, invocation),
    profile: parsed.text('profile'),
    set: parsed.texts('set'),
  });
  if (opened.warnings.length > 0) {
    const { diagnosticsText } = await import('./print-error.ts');
    invocation.stderr.write(diagnosticsText(opened.warnings, opened.texts));
  }
  return opened;
}

/** The pipeline file, relative to the project; --file is relative to where one stands. */
export function pipelineFile(parsed: Parsed, { project, cwd }: Invocation): string {
  const text = parsed.text('file');
  if (text === null) return 'pipeline.yaml';
  const file = relative(project, resolve(cwd, text));
  if (file.startsWith('..') || isAbsolute(file)) {
    throw new UserError(`${text} is outside the project ${project}`, {
      code: exitCode.usage,
      hint: 'go to the folder of that pipeline',
    });
  }
  return file;
}

/** Opens the workspace that looks at the project's cache, and closes it whatever `use` does. `runs`: stages are to be run. */
export async function withWorkspace<Result>(
  opened: PlannedPipeline,
  { project, env }: Invocation,
  use: (workspace: Workspace) => Promise<Result>,
  options: { readonly runs?: boolean } = {},
): Promise<Result> {
  const { Workspace } = await import('../cell/workspace.ts');
  const { findSource } = await import('../sources/source.ts');
  const { graph } = opened;
  await using workspace = new Workspace({
    project,
    pipeline: opened.file,
    graph,
    env,
    source: (name) => findSource(project, graph, name),
    // A CI job runs what it was given in any case, and has a new user's home each time.
    looksOnly: options.runs !== true && (env.CI ?? '') === '',
  });
  return await use(workspace);
}

/** The remote that --remote, PIPE_REMOTE or the pipeline file names; null: none. @throws UserError (exit 2) */
export function remoteChoice(
  { cache }: PlannedPipeline,
  parsed: Parsed,
  { env, project }: Invocation,
): RemoteSettings | null {
  const readOnly = parsed.is('remote-read-only');
  return remoteSettings({ cache, flag: parsed.text('remote'), readOnly, env, project });
}

/** The cells that targets name, in the graph's order; without targets all of them. */
export function targeted(graph: Graph, targets: readonly string[]): readonly CellId[] {
  if (targets.length === 0) return [...graph.cells.keys()];
  const chosen = selectCells(graph, targets);
  return [...graph.cells.keys()].filter((id) => chosen.has(id));
}

/** Writes the report of what is in place. `ended`: how the run ended that reports before its own last event. */
export async function reportOf(
  opened: PlannedPipeline,
  workspace: Workspace,
  project: string,
  options: Pick<ReportRequest, 'baseline' | 'ended' | 'markdown' | 'set'> = {},
): Promise<WrittenReport> {
  const { makeReport } = await import('../report/report.ts');
  const { file, title, description, params, graph } = opened;
  const document = { file, title, description, params, profile: graph.profile };
  return makeReport({ project, graph, document, workspace, ...options });
}

/**
 * Whether a project in which nothing has to run needs its report written: there is none, it is of another
 * configuration, or a workflow asks for a step summary. `known`: keys of cells that are up to date.
 */
export async function reportIsDue(
  { file: pipeline, params, graph }: PlannedPipeline,
  workspace: Workspace,
  project: string,
  known: ReadonlyMap<CellId, string>,
): Promise<boolean> {
  if (process.env.GITHUB_STEP_SUMMARY) return true;
  const { configurationDigest, writtenConfiguration } = await import('../report/model/configuration.ts');
  const written = await writtenConfiguration(project, pipeline);
  if (written === null) return true;
  const keys = await keysOf(graph, workspace, known);
  return written !== configurationDigest({ pipeline, profile: graph.profile, params, keys });
}

/** The key of every cell whose results are in place and current; null for the others. */
async function keysOf(
  graph: Graph,
  workspace: Workspace,
  known: ReadonlyMap<CellId, string>,
): Promise<ReadonlyMap<CellId, string | null>> {
  if (known.size === graph.cells.size)
    return new Map([...graph.cells.keys()].map((id) => [id, known.get(id) ?? null]));
  const statuses = await workspace.status();
  return new Map(
    [...statuses].map(([id, status]) => [
      id,
      status.state === 'up-to-date' || status.state === 'frozen' ? (status.key ?? 'frozen') : null,
    ]),
  );
}
