/**
 * Which projects use a store. Several checkouts may share `objects/` (or the whole cache) through a link: each registers
 * itself in the store, so that `gc` in one of them knows of the others.
 */
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { hasCode } from '../../lib/errno.ts';
import { readSealed, writeSealed } from '../../lib/sealed.ts';
import { sha256Of } from '../../lib/sha256.ts';
import { usersFolder } from './contents.ts';
import { type Layout, layoutOf } from './layout.ts';
import { makeRoom } from './quarantine.ts';
import { namesInside } from './real-folder.ts';

const registration = z.object({
  /** Absolute, or relative to `objects` when the store lies in the project itself: it moves along with it. */
  project: z.string(),
  /** Pipeline files that ran here, relative to the project. */
  pipelines: z.array(z.string()),
});

export interface Sharer {
  /** Absolute. */
  readonly project: string;
  readonly layout: Layout;
  readonly pipelines: readonly string[];
}

/**
 * Notes that `project` uses its store with this pipeline file. Nothing is written when that is known.
 * @returns what stood in the way and was moved aside, for the user
 */
export function registerSharer(project: string, pipeline: string): readonly string[] {
  const layout = layoutOf(project);
  const moved = makeRoom(layout, join(layout.objects, usersFolder, 'one.json'));
  mkdirSync(layout.objects, { recursive: true });
  const objects = realpathSync(layout.objects);
  const home = realpathSync(project);
  const inside = !relative(home, objects).startsWith('..');
  const name = inside ? relative(objects, home) : home;
  const file = join(objects, usersFolder, `${sha256Of(name).slice(0, 32)}.json`);
  const known = readRegistration(file);
  if (known?.pipelines.includes(pipeline)) return moved;
  const pipelines = [...new Set([...(known?.pipelines ?? []), pipeline])].sort();
  writeSealed(file, [JSON.stringify({ project: name, pipelines })], false);
  return moved;
}

/**
 * The registered projects that still use the store, this one first. `lost` are those whose folder is not there any more:
 * whether for good (deleted) or for now (not mounted) nobody can say from here.
 */
export function sharersOf(project: string): {
  readonly sharers: readonly Sharer[];
  readonly lost: readonly string[];
} {
  const layout = layoutOf(project);
  const own: Sharer = { project, layout, pipelines: [] };
  const objects = realOrNull(layout.objects);
  if (objects === null) return { sharers: [own], lost: [] };
  const home = realpathSync(project);
  const sharers: Sharer[] = [own];
  const lost: string[] = [];
  for (const { project: other, pipelines } of registrations(objects)) {
    const real = realOrNull(other);
    if (real === home) sharers[0] = { ...own, pipelines };
    else if (real === null) lost.push(other);
    else if (realOrNull(layoutOf(real).objects) === objects)
      sharers.push({ project: real, layout: layoutOf(real), pipelines });
  }
  return { sharers, lost };
}

/** Drops the registrations of projects that are not there any more. */
export function forgetLost(project: string): void {
  const objects = realOrNull(layoutOf(project).objects);
  if (objects === null) return;
  for (const { project: other, file } of registrations(objects))
    if (realOrNull(other) === null) rmSync(file, { force: true });
}

function* registrations(objects: string): Generator<{ project: string; pipelines: string[]; file: string }> {
  const folder = join(objects, usersFolder);
  for (const name of namesInside(folder)) {
    const file = join(folder, name);
    const found = name.endsWith('.json') ? readRegistration(file) : null;
    if (found) yield { project: resolve(objects, found.project), pipelines: found.pipelines, file };
  }
}

function readRegistration(file: string): z.infer<typeof registration> | null {
  const lines = readSealed(file);
  if (typeof lines === 'string') return null;
  try {
    return registration.parse(JSON.parse(lines[0] ?? ''));
  } catch {
    return null;
  }
}

/** Null: nothing is there, or it cannot be seen. */
export function realOrNull(path: string): string | null {
  try {
    return realpathSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) return null;
    throw error;
  }
}

/** Whether the store's folder `name` of two projects is one and the same. */
export function sameFolder(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => realOrNull(path));
  return a !== null && a === b;
}
