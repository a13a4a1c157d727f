/** Frozen cells: their outs are what lies in their folder, whoever put it there, and they are kept in the store like any other's. */
import { keyOf } from '../key/cell-fingerprint.ts';
import { type Fingerprint, fingerprintVersion, type Key } from '../key/fingerprint.ts';
import type { Cell } from '../plan/graph.ts';
import { storedManifests } from '../store/contents.ts';
import type { Layout } from '../store/layout.ts';
import { lookInPlace } from '../store/look-in-place.ts';
import { hasOut } from '../store/objects.ts';
import type { OutRecords } from '../store/out-record.ts';
import { readManifest, readState } from '../store/records.ts';
import type { Surroundings } from './inputs.ts';

/** No command that runs: a stage's is never the empty text. */
const nothingRuns = { kind: 'command', command: '', shell: '', values: {} } as const;

export interface FrozenOuts {
  readonly key: Key;
  readonly fingerprint: Fingerprint;
  readonly outs: OutRecords;
  /** Whether everything is in the cell's folder. */
  readonly inPlace: boolean;
}

/** A frozen cell's outs: as they lie in its folder, else as the store has them; or the names of those that are nowhere. */
export async function frozenOuts(
  cell: Cell,
  layout: Layout,
  around: Surroundings,
): Promise<FrozenOuts | readonly string[]> {
  const outs: Record<string, OutRecords[string]> = {};
  const missing: string[] = [];
  for (const out of cell.outs) {
    const look = await lookInPlace(layout, around.digests, around.outPath(cell.id, out.path));
    if (!look) missing.push(out.name);
    else {
      const { type, content, sha256, executable, size, files } = look;
      outs[out.name] = { path: out.path, type, object: content, sha256, executable, size, files };
    }
  }
  const kept = missing.length > 0 ? keptOuts(cell, layout) : null;
  if (missing.length > 0 && !kept) return missing;
  for (const { name, path } of cell.outs) {
    if (outs[name]) continue;
    const out = kept?.[name];
    if (out?.path !== path) return missing;
    outs[name] = out;
  }
  return { ...identityOf(cell, layout, outs), outs, inPlace: missing.length === 0 };
}

/** What made them, if that is known. Else their content decides the key, so that other outs in the folder are another result. */
function identityOf(cell: Cell, layout: Layout, outs: OutRecords): { key: Key; fingerprint: Fingerprint } {
  const state = readState(layout, cell.id);
  const made = typeof state === 'string' ? null : state.fingerprint();
  if (typeof state !== 'string' && made?.version === fingerprintVersion) {
    const same = Object.entries(outs).every(([name, { sha256 }]) => state.outs[name]?.sha256 === sha256);
    if (same && Object.keys(outs).length === Object.keys(state.outs).length)
      return { key: state.key, fingerprint: made };
  }
  const paths = Object.entries(outs).map(([name, { path }]) => [name, path]);
  const deps = Object.entries(outs).map(([name, { sha256, path }]) => [
    name,
    { kind: 'one' as const, sha256, name: path },
  ]);
  const fingerprint: Fingerprint = {
    version: fingerprintVersion,
    code: nothingRuns,
    params: {},
    axes: {},
    deps: Object.fromEntries(deps),
    env: {},
    tools: {},
    outs: Object.fromEntries(paths),
  };
  return { key: keyOf(fingerprint), fingerprint };
}

/** Whether the store has all of it. */
export function isKept(frozen: FrozenOuts, layout: Layout): boolean {
  const entry = readManifest(layout, frozen.key);
  return typeof entry !== 'string' && isWhole(entry.outs, layout);
}

/** As they were when they were last seen: by the cell's note, or by the newest manifest where that is gone. */
function keptOuts(cell: Cell, layout: Layout): OutRecords | null {
  const state = readState(layout, cell.id);
  const noted = typeof state === 'string' ? null : readManifest(layout, state.key);
  if (noted !== null && typeof noted !== 'string' && isWhole(noted.outs, layout)) return noted.outs;
  let newest: { outs: OutRecords; finished: string } | null = null;
  for (const { name } of storedManifests(layout)) {
    const entry = readManifest(layout, name);
    if (typeof entry === 'string' || entry.cell !== cell.id || !isWhole(entry.outs, layout)) continue;
    const { code } = entry.fingerprint;
    if (code.kind !== 'command' || code.command !== nothingRuns.command) continue;
    if (newest === null || entry.finished > newest.finished) newest = entry;
  }
  return newest?.outs ?? null;
}

function isWhole(outs: OutRecords, layout: Layout): boolean {
  return Object.values(outs).every((out) => hasOut(layout, out));
}
