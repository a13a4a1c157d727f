/** `pipe cache ls`: what takes how much room, by stage. */
import { lstatSync } from 'node:fs';
import type { Sha256 } from '../../lib/sha256.ts';
import { storedManifests, storedObjects } from './contents.ts';
import { layoutOf, objectFile } from './layout.ts';
import { BadObject, objectsOf } from './objects.ts';
import { readManifest } from './records.ts';

export interface CacheUsage {
  /** Largest first. Objects that several stages share count for each. */
  readonly stages: readonly {
    readonly stage: string;
    /** Results kept: one for each key. */
    readonly entries: number;
    readonly cells: number;
    readonly bytes: number;
  }[];
  readonly objects: number;
  readonly bytes: number;
  /** Bytes of objects that no manifest names: `gc` removes them. */
  readonly unusedBytes: number;
}

/** `project` is absolute. Bad entries are passed over: `verify` names them. */
export function cacheUsage(project: string): CacheUsage {
  const layout = layoutOf(project);
  const stages = new Map<string, { entries: number; cells: Set<string>; objects: Set<Sha256> }>();
  for (const { name } of storedManifests(layout)) {
    const entry = readManifest(layout, name);
    if (typeof entry === 'string') continue;
    const stage = stages.get(entry.stage) ?? { entries: 0, cells: new Set(), objects: new Set() };
    stages.set(entry.stage, stage);
    stage.entries++;
    stage.cells.add(entry.cell);
    for (const out of Object.values(entry.outs)) {
      try {
        for (const { sha256 } of objectsOf(layout, out)) stage.objects.add(sha256);
      } catch (error) {
        if (!(error instanceof BadObject)) throw error;
      }
    }
  }
  const used = new Set<Sha256>();
  const sizeOf = (object: Sha256) =>
    lstatSync(objectFile(layout, object), { throwIfNoEntry: false })?.size ?? 0;
  const listed = [...stages].map(([stage, { entries, cells, objects }]) => {
    let bytes = 0;
    for (const object of objects) {
      used.add(object);
      bytes += sizeOf(object);
    }
    return { stage, entries, cells: cells.size, bytes };
  });
  let objects = 0;
  let bytes = 0;
  let unusedBytes = 0;
  for (const { name, size } of storedObjects(layout)) {
    objects++;
    bytes += size;
    if (!used.has(name)) unusedBytes += size;
  }
  return { stages: listed.sort((a, b) => b.bytes - a.bytes), objects, bytes, unusedBytes };
}
