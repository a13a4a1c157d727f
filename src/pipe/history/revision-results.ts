/** What a git revision's results were, known from the cache without a checkout or a run: its keys are computed from git's objects. */
import { existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { countText } from '../../lib/format.ts';
import type { CellStatus } from '../cell/cell-status.ts';
import { Workspace } from '../cell/workspace.ts';
import type { Key } from '../key/fingerprint.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import { type OpenOptions, openPlan } from '../project/open-plan.ts';
import { isInPlace } from '../run/cell-state.ts';
import { foldEvents, readEvents } from '../run/read-events.ts';
import { planRecord } from '../run/recorded-plan.ts';
import { findSource } from '../sources/source.ts';
import { type Layout, layoutOf } from '../store/layout.ts';
import { recordedRuns } from '../store/recorded-runs.ts';
import { readManifest } from '../store/records.ts';
import type { ResultCell, Results } from './results.ts';
import { revisionFolder } from './revision-folder.ts';
import { marksOf } from './run-results.ts';
import { metricsIn, readStored } from './stored-results.ts';

export interface RevisionRequest {
  /** Absolute. */
  readonly project: string;
  /** As it was typed. */
  readonly revision: string;
  readonly commit: string;
  readonly plan: Pick<OpenOptions, 'file' | 'profile' | 'set'>;
  readonly env: NodeJS.ProcessEnv;
}

/** @throws UserError when the revision has no such pipeline, or one that cannot be planned */
export async function resultsOfRevision(request: RevisionRequest): Promise<Results> {
  const { project, revision, commit } = request;
  const there = revisionFolder(project, commit);
  try {
    const opened = await openPlan(there.project, { ...request.plan, checkFiles: false });
    const { graph, params, file } = opened;
    const notes = lendFiles(project, there.project, graph);
    const keys = await keysAt(request, there.project, opened);
    const layout = layoutOf(project, file);
    const { marks: markOf } = planRecord(graph, params);
    const stored = [...graph.cells.values()].flatMap(({ id, stage }) => {
      const key = keys.get(id);
      return key === undefined ? [] : [{ id, stage, key, marks: markOf.get(stage) ?? new Map() }];
    });
    const { marks, software, gone } = await readStored(layout, stored);
    const lost = new Set(gone);
    const cells = [...graph.cells.values()].map(({ id, stage, axes }): ResultCell => {
      return { id, stage, axes, state: keys.has(id) && !lost.has(id) ? 'there' : 'missing' };
    });
    const missing = cells.filter(({ state }) => state === 'missing').length;
    return {
      label: `${revision} (${commit.slice(0, 12)})`,
      run: null,
      revision: commit.slice(0, 12),
      profile: graph.profile,
      params,
      cells,
      metrics: metricsIn(marks),
      ...marksOf(marks),
      software,
      notes: [
        ...notes,
        ...(missing === 0
          ? []
          : [`${missing} of ${countText(cells.length, 'cell')} of ${revision} are not in the cache`]),
      ],
    };
  } finally {
    there.remove();
  }
}

/** Data that git does not keep is the checkout's, as it is now: it is linked in, and named. */
function lendFiles(project: string, there: string, graph: Graph): readonly string[] {
  const paths = new Set<string>();
  for (const cell of graph.cells.values())
    for (const dep of cell.deps) if (dep.kind === 'path') paths.add(dep.path);
  const lent = [...paths].filter((path) => !existsSync(join(there, path)) && existsSync(join(project, path)));
  for (const path of lent) {
    mkdirSync(dirname(join(there, path)), { recursive: true });
    symlinkSync(realpathSync(join(project, path)), join(there, path));
  }
  return lent.length === 0
    ? []
    : [
        `not in git, so taken as it is in the checkout: ${lent.slice(0, 6).join(', ')}${lent.length > 6 ? ' …' : ''}`,
      ];
}

/** The key of each cell that has a result: computed; where that finds none, the one that a run of this very commit used. */
async function keysAt(
  { project, commit, env }: RevisionRequest,
  there: string,
  { graph, file }: { readonly graph: Graph; readonly file: string },
): Promise<ReadonlyMap<CellId, Key>> {
  const layout = layoutOf(project, file);
  await using workspace = new Workspace({
    project: there,
    pipeline: file,
    graph,
    env,
    source: async (name) => (await findSource(there, graph, name)) ?? findSource(project, graph, name),
    looksOnly: (env.CI ?? '') === '',
    toolsOf: project,
  });
  const recorded = new Recorded(layoutOf(project), { file, profile: graph.profile, commit });
  const keys = new Map<CellId, Key>();
  for (const id of graph.cells.keys()) {
    const key = keyIn(await workspace.look(id), layout) ?? (await recorded.keyOf(id, layout));
    if (key === null) continue;
    keys.set(id, key);
    const manifest = readManifest(layout, key);
    if (typeof manifest !== 'string') workspace.assume(id, manifest.outs);
  }
  return keys;
}

/** Null: what this state needs is not in the store. */
function keyIn(status: CellStatus, layout: Layout): Key | null {
  if (!('key' in status) || status.key === null) return null;
  if (status.state === 'restorable') return status.key;
  // A stage that always runs is never restored; what it made with this key is still there.
  return typeof readManifest(layout, status.key) === 'string' ? null : status.key;
}

interface RecordedOf {
  readonly file: string;
  readonly profile: string | null;
  readonly commit: string;
}

/** What runs of a clean checkout of one commit used, read when it is first asked for. */
class Recorded {
  readonly #layout: Layout;
  readonly #of: RecordedOf;
  #keys: ReadonlyMap<CellId, Key> | undefined;

  constructor(layout: Layout, of: RecordedOf) {
    this.#layout = layout;
    this.#of = of;
  }

  async keyOf(cell: CellId, layout: Layout): Promise<Key | null> {
    this.#keys ??= await this.#read();
    const key = this.#keys.get(cell);
    return key === undefined || typeof readManifest(layout, key) === 'string' ? null : key;
  }

  async #read(): Promise<ReadonlyMap<CellId, Key>> {
    const { file, profile, commit } = this.#of;
    const keys = new Map<CellId, Key>();
    for (const { folder } of recordedRuns(this.#layout)) {
      const state = foldEvents(await readEvents(join(folder, 'events.jsonl')));
      const started = state?.started;
      if (!state || !started || started.pipeline !== file || started.profile !== profile) continue;
      if (started.revision === null || !/^[0-9a-f]{7,40}$/.test(started.revision)) continue;
      if (!commit.startsWith(started.revision) || (started.set?.length ?? 0) > 0) continue;
      for (const cell of state.cells.values())
        if (cell.key !== null && isInPlace(cell.state)) keys.set(cell.cell, cell.key);
    }
    return keys;
  }
}
