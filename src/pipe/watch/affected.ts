/** Which of the cells at work would now be made of something else: what they make is not wanted any more. */
import type { CellStatus } from '../cell/cell-status.ts';
import { Workspace } from '../cell/workspace.ts';
import type { Key } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
import type { OpenedPipeline } from '../project/open-plan.ts';
import { findSource } from '../sources/source.ts';
import { layoutOf } from '../store/layout.ts';
import { readManifest } from '../store/records.ts';

/** `running`: each cell with the key that it runs for. `opened`: the plan as it is after the edit. */
export async function affectedCells(
  running: ReadonlyMap<CellId, Key | null>,
  opened: OpenedPipeline,
  { project, env }: { readonly project: string; readonly env: NodeJS.ProcessEnv },
): Promise<ReadonlySet<CellId>> {
  const affected = new Set([...running.keys()].filter((id) => !opened.graph.cells.has(id)));
  for (const [id, status] of await statusesOf(opened, { project, env })) {
    const before = running.get(id);
    // What cannot be read now (an edit is half done) is looked at again after the next one.
    if (before == null || status.state === 'blocked') continue;
    if (!('key' in status) || status.key !== before) affected.add(id);
  }
  return affected;
}

/** How every cell stands. */
export interface Standing {
  /** To be compared. */
  readonly text: string;
  /** Of the cells whose key is known. */
  readonly keys: ReadonlyMap<CellId, Key>;
}

export async function standingOf(
  opened: OpenedPipeline,
  place: { readonly project: string; readonly env: NodeJS.ProcessEnv },
): Promise<Standing> {
  const keys = new Map<CellId, Key>();
  const lines: string[] = [];
  for (const [id, status] of await statusesOf(opened, place)) {
    const key = 'key' in status ? status.key : null;
    if (key !== null) keys.set(id, key);
    lines.push(JSON.stringify([id, status.state, key]));
  }
  return { text: lines.join('\n'), keys };
}

async function statusesOf(
  { graph, file }: OpenedPipeline,
  { project, env }: { readonly project: string; readonly env: NodeJS.ProcessEnv },
): Promise<ReadonlyMap<CellId, CellStatus>> {
  const layout = layoutOf(project, file);
  const statuses = new Map<CellId, CellStatus>();
  await using workspace = new Workspace({
    ...{ project, pipeline: file, graph, env },
    source: (name) => findSource(project, graph, name),
    looksOnly: (env.CI ?? '') === '',
  });
  for (const [id, cell] of graph.cells) {
    const status = await workspace.look(id);
    statuses.set(id, status);
    if (status.state !== 'stale' || !cell.always) continue;
    // It is never up to date; what it made last is what those below it read.
    const manifest = readManifest(layout, status.key);
    if (typeof manifest !== 'string') workspace.assume(id, manifest.outs);
  }
  return statuses;
}
