/** What the pipelines of a project reach in its cache: every profile of every pipeline file that ran here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CellStatus } from '../cell/cell-status.ts';
import type { Workspace } from '../cell/workspace.ts';
import type { Key } from '../key/fingerprint.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import { openPlan } from '../project/open-plan.ts';
import type { PlannedPipeline } from '../project/plan-json.ts';
import type { Reach } from '../store/gc-reach.ts';
import { layoutOf } from '../store/layout.ts';
import { sameFolder, sharersOf } from '../store/sharers.ts';
import type { Invocation, Parsed } from './command.ts';
import { planOf, withWorkspace } from './project.ts';

export interface ProjectReach extends Reach {
  /** The pipelines and profiles, as they are shown. */
  readonly of: readonly string[];
}

/**
 * Of this project, and of every other one whose manifests are the same folder: their results lie side by side.
 * @throws ConfigurationError: what cannot be planned has an unknown reach, so that nothing may be removed
 */
export async function reachOf(
  parsed: Parsed,
  invocation: Invocation,
  statesOf: StatesOf = (workspace) => workspace.status(),
): Promise<ProjectReach> {
  const { project } = invocation;
  const found: Found = { cells: new Set(), keys: new Set(), unknown: new Set(), of: [], statesOf };
  const asked = await planOf(parsed, invocation, { checkFiles: false });
  await add(found, asked, invocation);
  const { manifests } = layoutOf(project);
  for (const sharer of sharersOf(project).sharers) {
    const own = sharer.project === project;
    if (!own && !sameFolder(sharer.layout.manifests, manifests)) continue;
    const files = new Set([...(own ? [asked.file] : []), ...sharer.pipelines]);
    for (const file of [...files].filter((name) => existsSync(join(sharer.project, name))))
      await addFile(found, file, { ...invocation, project: sharer.project }, own);
  }
  return found;
}

/** How every cell of a pipeline stands. */
type StatesOf = (workspace: Workspace, graph: Graph) => Promise<ReadonlyMap<CellId, CellStatus>>;

interface Found {
  readonly statesOf: StatesOf;
  readonly cells: Set<CellId>;
  readonly keys: Set<Key>;
  readonly unknown: Set<CellId>;
  readonly of: string[];
}

async function addFile(found: Found, file: string, invocation: Invocation, own: boolean): Promise<void> {
  const { project } = invocation;
  const planned = await openPlan(project, { file, checkFiles: false });
  await add(found, planned, invocation);
  const shown = own ? file : join(project, file);
  const { profiles } = planned;
  for (const profile of profiles)
    await add(found, await openPlan(project, { file, profile, checkFiles: false }), invocation);
  found.of.push(profiles.length === 0 ? shown : `${shown} (profiles ${profiles.join(', ')})`);
}

async function add(found: Found, planned: PlannedPipeline, invocation: Invocation): Promise<void> {
  const states = await withWorkspace(planned, invocation, (workspace) =>
    found.statesOf(workspace, planned.graph),
  );
  for (const [cell, status] of states) {
    found.cells.add(cell);
    if ('key' in status && status.key !== null) found.keys.add(status.key);
    const upstream = planned.graph.cells.get(cell)?.upstream ?? [];
    const cannotBeKnown = status.state === 'waiting' && upstream.some((above) => found.unknown.has(above));
    if (status.state === 'blocked' || cannotBeKnown) found.unknown.add(cell);
  }
}
