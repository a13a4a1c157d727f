/** Whether a cell is up to date, and if not, why: looks at inputs, outs and cache, and changes nothing. */
import { join } from 'node:path';
import type { Sha256 } from '../../lib/sha256.ts';
import { keyOf } from '../key/cell-fingerprint.ts';
import type { Fingerprint, Reason } from '../key/fingerprint.ts';
import { reasonsBetween } from '../key/reason.ts';
import type { Cell, CellId } from '../plan/graph.ts';
import type { Layout } from '../store/layout.ts';
import { lookInPlace } from '../store/look-in-place.ts';
import { hasOut } from '../store/objects.ts';
import { type Placed, readManifest, readState } from '../store/records.ts';
import type { CellStatus } from './cell-status.ts';
import { type FrozenOuts, frozenOuts } from './frozen.ts';
import { type Inputs, inputsOf, type Surroundings } from './inputs.ts';

export interface Evaluation {
  readonly status: CellStatus;
  /** What is in place now; null: nothing, or its record was damaged. */
  readonly placed: (Placed & { readonly fingerprint: () => Fingerprint | null }) | null;
  readonly inputs: Inputs | null;
  /** An entry of this key was there but not what was written: it must be moved away before the cell runs. */
  readonly damaged: boolean;
  /** Of a frozen cell: what it is. */
  readonly frozen?: FrozenOuts;
}

/** @throws whatever is no user's failure, such as a cache that cannot be read. */
export async function evaluate(
  cell: Cell,
  layout: Layout,
  around: Surroundings,
  without: ReadonlySet<CellId> = new Set(),
): Promise<Evaluation> {
  const read = readState(layout, cell.id);
  const placed = typeof read === 'string' ? null : read;
  if (cell.frozen !== null) return frozen(cell, cell.frozen, placed, { layout, around });

  const inputs = await inputsOf(cell, around, without);
  const found = { placed, inputs, damaged: false };
  if (inputs.kind === 'blocked')
    return { ...found, status: { state: 'blocked', obstacles: inputs.obstacles } };
  if (inputs.kind === 'waiting') {
    const reasons = inputs.on.map((above): Reason => ({ kind: 'upstream', cell: above }));
    return { ...found, status: { state: 'waiting', reasons, on: inputs.on } };
  }

  const key = keyOf(inputs.fingerprint);
  const same = placed?.key === key;
  const reasons: Reason[] = same
    ? [...(await outReasons(cell, placed, { layout, around }))]
    : [...reasonsBetween(placed?.fingerprint() ?? null, inputs.fingerprint, inputs.origins)];
  if (cell.always) {
    const status: CellStatus = { state: 'stale', key, reasons: [{ kind: 'always' }, ...reasons] };
    return { ...found, status };
  }
  if (same && reasons.length === 0)
    return { ...found, status: { state: 'up-to-date', key, outs: placed.outs, ms: placed.ms } };

  const entry = readManifest(layout, key);
  if (typeof entry === 'string' || !Object.values(entry.outs).every((out) => hasOut(layout, out)))
    return { ...found, damaged: entry !== 'missing', status: { state: 'stale', key, reasons } };
  return { ...found, status: { state: 'restorable', key, reasons, outs: entry.outs, ms: entry.ms } };
}

/** Outs that are not as they were put in place: here and where they are placed besides. */
async function outReasons(
  cell: Cell,
  placed: Placed,
  { layout, around }: { layout: Layout; around: Surroundings },
): Promise<readonly Reason[]> {
  const digestAt = (path: string) => digestInPlace(layout, around, path);
  const reasons: Reason[] = [];
  for (const out of cell.outs) {
    const record = placed.outs[out.name];
    const expected = record?.sha256;
    const found = await digestAt(around.outPath(cell.id, out.path));
    if (found !== expected || record?.path !== out.path) {
      reasons.push({ kind: found === null ? 'out-missing' : 'out-changed', name: out.name });
      continue;
    }
    if (out.place === null) continue;
    // Placed somewhere else before: it is not at the new place yet, whatever lies there.
    const copy = await digestAt(join(around.project, out.place));
    if (copy !== expected || placed.places[out.name] !== out.place)
      reasons.push({ kind: copy === null ? 'out-missing' : 'out-changed', name: out.name });
  }
  return reasons;
}

async function frozen(
  cell: Cell,
  because: string,
  placed: Evaluation['placed'],
  { layout, around }: { layout: Layout; around: Surroundings },
): Promise<Evaluation> {
  const found = { placed, inputs: null, damaged: false };
  const outs = await frozenOuts(cell, layout, around);
  if ('key' in outs) {
    const status = { state: 'frozen', because, key: outs.key, outs: outs.outs, ms: placed?.ms ?? 0 } as const;
    return { ...found, status, frozen: outs };
  }
  const message = `${cell.id} is frozen (${because}) but its outs are not there: ${outs.join(', ')}`;
  const hint = `Put them into ${around.outPath(cell.id, '.')}, or remove \`frozen\` to run it.`;
  return {
    ...found,
    status: { state: 'blocked', obstacles: [{ kind: 'frozen-without-outs', message, hint }] },
  };
}

async function digestInPlace(layout: Layout, around: Surroundings, path: string): Promise<Sha256 | null> {
  const look = await lookInPlace(layout, around.digests, path).catch(() => null);
  return look?.sha256 ?? null;
}
