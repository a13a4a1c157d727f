/**
 * Watches over what a stage reads, from before it starts until it has ended: outs of a run in which an input was
 * written belong to no key.
 */
import { relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Json } from '../../lib/json.ts';
import type { Digests } from '../digest/digests.ts';
import { shareFiles } from '../digest/linked-files.ts';
import { isUnwritten, type Reach } from '../digest/look.ts';
import { isSameWay, type Way, wayTo } from '../digest/way.ts';
import type { Layout } from '../store/layout.ts';
import { BadObject, quarantineObject } from '../store/objects.ts';
import type { View, Views } from '../store/view.ts';
import type { Obstacle } from './cell-status.ts';
import { type GuardedPath, type GuardedView, guardingFromJson, guardingToJson } from './guard-record.ts';
import type { InputPath, Inputs, UpstreamOut } from './inputs.ts';

type KnownInputs = Extract<Inputs, { kind: 'known' }>;

/**
 * Files of the project are read again after the stage, byte by byte, up to so many bytes in all: a write through a
 * mapping (mmap) may leave every time in the stat as it was.
 */
const readAgainBytes = 8 * 1024 * 1024;

export interface GuardOptions {
  readonly project: string;
  readonly layout: Layout;
  readonly digests: Digests;
  readonly views: Views;
  /** Puts an out back into the store when the store lost it; false: it cannot. */
  readonly heal: (upstream: UpstreamOut) => Promise<boolean>;
}

export type Guarded =
  | { readonly kind: 'guarded'; readonly guard: InputGuard }
  /** Files that are not as the key has them. Project-relative. */
  | { readonly kind: 'edited'; readonly paths: readonly string[] }
  /** Upstream outs that the store does not have, or not whole. */
  | { readonly kind: 'damaged'; readonly obstacles: readonly Obstacle[] };

/** What changed, as a user knows it, and what was done about it where something was. */
export interface InputChange {
  readonly what: string;
  readonly note: string | null;
}

/** From here on any change of an input shows; and every input is as the key has it. */
export async function guardInputs(inputs: KnownInputs, options: GuardOptions): Promise<Guarded> {
  const { project, digests } = options;
  const paths: GuardedPath[] = [];
  const edited: string[] = [];
  for (const input of inputs.paths) {
    const ways = waysTo(input, project);
    const now = await settledLook(digests, input.path, input.reach);
    if (now?.sha256 === input.look.sha256) paths.push({ ...input, look: now, ways });
    else {
      digests.forget(input.path);
      edited.push(relative(project, input.path));
    }
  }
  if (edited.length > 0) return { kind: 'edited', paths: edited };
  const views: GuardedView[] = [];
  const obstacles: Obstacle[] = [];
  for (const upstream of inputs.upstream) {
    const view = await openView(upstream, options);
    if (view) views.push({ upstream, view });
    else obstacles.push(lostOut(upstream));
  }
  if (obstacles.length > 0) return { kind: 'damaged', obstacles };
  return { kind: 'guarded', guard: new InputGuard(options, paths, views) };
}

export class InputGuard {
  readonly #options: GuardOptions;
  readonly #paths: readonly GuardedPath[];
  readonly #views: readonly GuardedView[];
  /** Whether stats can be compared: on another machine the same file has other numbers. */
  readonly #here: boolean;

  constructor(
    options: GuardOptions,
    paths: readonly GuardedPath[],
    views: readonly GuardedView[],
    here = true,
  ) {
    this.#options = options;
    this.#paths = paths.toSorted((a, b) => a.look.size - b.look.size);
    this.#views = views;
    this.#here = here;
  }

  /** Of another process, as `record` wrote it; null: it is damaged. */
  static revived(options: GuardOptions, record: Json): InputGuard | null {
    const guarding = guardingFromJson(record);
    return guarding && new InputGuard(options, guarding.paths, guarding.views, guarding.here);
  }

  record(): Json {
    return guardingToJson({ paths: this.#paths, views: this.#views });
  }

  /**
   * Every input that is not as it was when the stage started, or was not in between. `made`: the folder of the outs, which
   * may be hard links to inputs.
   */
  async changes(made: string): Promise<readonly InputChange[]> {
    const { digests, project, views } = this.#options;
    const changes: InputChange[] = [];
    let read = 0;
    for (const input of this.#paths) {
      const { path, reach, look } = input;
      read += look.size;
      const now = await digests
        .lookAgain(path, reach, read <= readAgainBytes || !this.#here ? 'read' : 'stat')
        .catch(() => null);
      // The stat too: an edit that was taken back before the end may have been read all the same.
      // Elsewhere the same file has other numbers: there its content decides.
      if (!this.#here && now?.sha256 === look.sha256) continue;
      if (
        now &&
        isUnwritten(look, now, () => shareFiles(path, made)) &&
        waysTo(input, project).every((way, index) => isSameWay(input.ways[index] ?? [], way))
      )
        continue;
      digests.forget(path);
      changes.push({ what: relative(project, path), note: null });
    }
    for (const { upstream, view } of this.#views) {
      const note = await views.damageOf(this.#here ? view : views.asIs(view));
      if (note !== null) changes.push({ what: `${upstream.cell}.${upstream.name}`, note });
    }
    return changes;
  }
}

/** To the path itself, and to each place in a folder from which a link leads out of it. */
function waysTo({ path, reach, look }: InputPath, project: string): readonly Way[] {
  const from = typeof reach === 'object' ? project : '/';
  return [path, ...look.detours].map((one) => wayTo(one, from));
}

/** Looks until the stat is old enough for any later write to change it. */
async function settledLook(digests: Digests, path: string, reach: Reach) {
  let now = await digests.lookAgain(path, reach).catch(() => null);
  while (now && !now.settled) {
    await setTimeout(10);
    now = await digests.lookAgain(path, reach).catch(() => null);
  }
  return now;
}

async function openView(upstream: UpstreamOut, options: GuardOptions): Promise<View | null> {
  const { views, layout, heal } = options;
  for (;;) {
    try {
      return await views.open(upstream.out);
    } catch (error) {
      if (!(error instanceof BadObject)) throw error;
      quarantineObject(layout, error.object);
      if (!(await heal(upstream))) return null;
    }
  }
}

function lostOut({ cell, name }: UpstreamOut): Obstacle {
  const message = `${cell}.${name} is not whole in the cache any more, and not in ${cell}'s folder either`;
  return { kind: 'unreadable', message, hint: `Run again: ${cell} makes it anew.` };
}
