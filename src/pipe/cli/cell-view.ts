/** A cell as `status`, `why`, `ls` and `plan` show it: whether it is up to date, and how it ended when it last ran. */
import { timeText } from '../../lib/format.ts';
import type { CellStatus } from '../cell/cell-status.ts';
import type { Reason } from '../key/fingerprint.ts';
import { reasonLine } from '../key/reason-line.ts';
import type { CellId } from '../plan/graph.ts';
import type { PlannedPipeline } from '../project/plan-json.ts';
import { type LastEnd, lastEnds } from '../run/last-end.ts';
import { tellingLine } from '../run/telling-line.ts';
import { layoutOf } from '../store/layout.ts';
import { readManifest } from '../store/records.ts';
import { type Invocation, wholeList } from './command.ts';
import { withWorkspace } from './project.ts';

/** Characters of a log's line that stand in a line of ours. */
const saidLength = 120;

export interface CellView {
  readonly id: CellId;
  readonly status: CellStatus;
  /** Null when it is up to date, or ended well, or never began. */
  readonly lastEnd: LastEnd | null;
}

/** Every cell of the pipeline. */
export async function viewCells(
  opened: PlannedPipeline,
  invocation: Invocation,
): Promise<ReadonlyMap<CellId, CellView>> {
  const all = await withWorkspace(opened, invocation, (workspace) => workspace.status());
  return viewsOf(all, opened, invocation);
}

export async function viewsOf(
  all: ReadonlyMap<CellId, CellStatus>,
  opened: PlannedPipeline,
  { project }: Invocation,
): Promise<ReadonlyMap<CellId, CellView>> {
  const open = [...all].filter(([, status]) => !isFresh(status)).map(([id]) => id);
  const ends = await lastEnds(layoutOf(project, opened.file), opened.file, open);
  return new Map(
    Array.from(all, ([id, status]) => [id, { id, status, lastEnd: ends.get(id) ?? null }] as const),
  );
}

/** The remote that the cell's result was taken from; null: it was made here, or nothing of it is. */
export function originOf({ status }: CellView, { project }: Invocation): string | null {
  if (status.state !== 'up-to-date' && status.state !== 'restorable') return null;
  const manifest = readManifest(layoutOf(project), status.key);
  return typeof manifest === 'string' ? null : manifest.origin;
}

export function isFresh(status: CellStatus | undefined): boolean {
  return status?.state === 'up-to-date' || status?.state === 'frozen';
}

/** The one word for a cell. A failure counts as long as what it failed with is what it would run with. */
export function stateOf({ status, lastEnd }: CellView): CellStatus['state'] | LastEnd['state'] {
  if (lastEnd === null || isFresh(status)) return status.state;
  if (lastEnd.state === 'running') return 'running';
  if (status.state !== 'stale') return status.state;
  return lastEnd.key === null || lastEnd.key === status.key ? lastEnd.state : status.state;
}

/** Why a cell must run, without "it never ran here" where the last end says more. */
export function reasonsOf({ status, lastEnd }: CellView): readonly Reason[] {
  const reasons = 'reasons' in status ? status.reasons : [];
  return lastEnd === null ? reasons : reasons.filter(({ kind }) => kind !== 'never-ran');
}

/** How it ended, or who is at work on it, in a line; null: nothing worth a line. */
export function lastEndLine({ status, lastEnd }: CellView): string | null {
  if (lastEnd === null || isFresh(status)) return null;
  const log = lastEnd.log === null ? '' : `; log: ${lastEnd.log}`;
  if (lastEnd.state === 'running') {
    const since = lastEnd.at === null ? '' : ` since ${timeText(lastEnd.at)}`;
    return `${lastEnd.by ?? 'another process'} is at work on it${since} (run ${lastEnd.run})${log}`;
  }
  const at = lastEnd.at === null ? '' : ` at ${timeText(lastEnd.at)}`;
  if (lastEnd.state === 'cancelled') return `run ${lastEnd.run} ended before it did${at}${log}`;
  const other = 'key' in status && lastEnd.key !== null && lastEnd.key !== status.key;
  const how = other ? 'it failed with other inputs' : 'it failed';
  return `${how}${at}: ${errorLine(lastEnd.error)}${log}`;
}

/** Its first line, and of a process that said more in its log the line that says most. */
function errorLine(error: LastEnd['error']): string {
  const first = error?.message.split('\n')[0] ?? '';
  const said = tellingLine(error?.tail ?? [])?.trim() ?? '';
  if (said === '' || first.includes(said)) return first;
  return `${first}: ${said.length > saidLength ? `${said.slice(0, saidLength - 1)}…` : said}`;
}

/** All that there is to say of why a cell is not up to date, most telling first. */
export function causeLines(view: CellView): readonly string[] {
  const last = lastEndLine(view);
  return [...(last === null ? [] : [last]), ...new Set(reasonsOf(view).map(reasonLine))];
}

/** What scripts get of a cell. */
export function viewJson(view: CellView) {
  const { status, lastEnd } = view;
  return {
    state: stateOf(view),
    ...('key' in status ? { key: status.key } : {}),
    ...('reasons' in status ? { reasons: reasonsOf(view) } : {}),
    ...('on' in status ? { waitsFor: status.on } : {}),
    ...('obstacles' in status ? { obstacles: status.obstacles } : {}),
    ...(lastEnd === null ? {} : { lastEnd }),
  };
}

/** Of a long list, the first entries and a line that counts the others; --all shows them. */
export function shortened<Item>(
  items: readonly Item[],
  all: boolean,
): { readonly shown: readonly Item[]; readonly more: number } {
  const shown = all ? items : items.slice(0, wholeList);
  return { shown, more: items.length - shown.length };
}
