/** Looks at what a project holds of a cell now, and which of its outs are marked for the report. */
import { relative, sep } from 'node:path';
import type { CellStatus } from '../../cell/cell-status.ts';
import type { Workspace } from '../../cell/workspace.ts';
import type { Key } from '../../key/fingerprint.ts';
import type { Cell } from '../../plan/graph.ts';
import type { Layout } from '../../store/layout.ts';
import { readManifest } from '../../store/records.ts';
import type { CellNow, InPlace } from './cell-now.ts';
import type { Made } from './input.ts';
import type { MarkedOut } from './read-marked-outs.ts';

/** What of a workspace is asked for here. */
export type Looked = Pick<Workspace, 'placed' | 'outPath' | 'lastMs'>;

export function cellNow(
  cell: Cell,
  status: CellStatus | undefined,
  { workspace, layout }: { workspace: Looked; layout: Layout },
): CellNow {
  const placed = workspace.placed(cell.id);
  const key = status !== undefined && 'key' in status ? status.key : null;
  const reasons = status !== undefined && 'reasons' in status ? status.reasons : [];
  // A stage that always runs is never up to date; what it made last is what it would make.
  const always = key !== null && key === placed?.key && reasons.every(({ kind }) => kind === 'always');
  const current = status?.state === 'up-to-date' || status?.state === 'frozen' || always;
  if (placed === null) return { current, key, reasons, inPlace: null };
  const inPlace = {
    key: placed.key,
    fingerprint: placed.fingerprint,
    ms: workspace.lastMs(cell.id),
    bytes: Object.values(placed.outs).reduce((sum, { size }) => sum + size, 0),
    outs: new Map(Object.keys(placed.outs).map((name) => [name, workspace.outPath(cell.id, name)])),
    made: cell.outs.some(({ report }) => report !== null) ? madeOf(layout, placed.key) : null,
  };
  return { current, key, reasons, inPlace };
}

function madeOf(layout: Layout, key: Key): Made | null {
  const manifest = readManifest(layout, key);
  if (typeof manifest === 'string' || manifest.madeWith === null) return null;
  const { run, finished, madeWith } = manifest;
  return { run, finished, ...madeWith };
}

/** The outs of a cell that its pipeline marks for the report, `path` relative to the project as it is shown. */
export function markedOuts(
  cell: Cell,
  { inPlace, project, stale }: { inPlace: InPlace; project: string; stale: boolean },
): readonly MarkedOut[] {
  const { key, made } = inPlace;
  return cell.outs.flatMap((out) => {
    const path = inPlace.outs.get(out.name);
    if (out.report === null || path === undefined) return [];
    const shown = out.place ?? relative(project, path).split(sep).join('/');
    const origin = { cell: cell.id, out: out.name, key, stale, made };
    return [{ origin, mark: out.report, path, shown }];
  });
}
