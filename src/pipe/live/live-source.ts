/** What the live page shows of a project: the newest run's events as its driver writes them, its logs, and the report. */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { openRegular } from '../../lib/open-regular.ts';
import type { CellId } from '../plan/graph.ts';
import type { RunEvent } from '../run/event.ts';
import { FollowedEvents } from '../run/follow-events.ts';
import { type Layout, layoutOf, reportFolder } from '../store/layout.ts';
import { recordedRuns } from '../store/recorded-runs.ts';
import { livePage } from './live-page.ts';
import { liveParts } from './live-parts.ts';
import { LiveRun } from './live-run.ts';
import type { LiveSource } from './live-server.ts';

/** Most of a log that one answer holds; of a longer one the end is shown. */
const logBytes = 128 * 1024;
const measureEveryMs = 1_000;

export class ProjectSource implements LiveSource {
  readonly #project: string;
  readonly #layout: Layout;
  readonly #title: string;
  /** The run that is shown; null: the newest. */
  readonly #chosen: string | null;
  #run: { readonly id: string; readonly live: LiveRun; readonly events: FollowedEvents | null } | null = null;
  #measuredAt = 0;

  constructor(project: string, title: string, chosen: string | null) {
    this.#project = project;
    this.#layout = layoutOf(project);
    this.#title = title;
    this.#chosen = chosen;
  }

  /** An event of a run of this very process: it is not read back from its file. */
  readonly take = (event: RunEvent): void => {
    if (event.type === 'run-started' && this.#run?.id !== event.run)
      this.#run = { id: event.run, live: new LiveRun(), events: null };
    this.#run?.live.take(event);
  };

  /** Reads what drivers wrote since the last look; a newer run takes the place of one that was shown. */
  look(): void {
    const id = this.#chosen ?? recordedRuns(this.#layout).at(-1)?.name;
    if (id !== undefined && this.#run?.id !== id) {
      const live = new LiveRun();
      const file = join(this.#layout.runs, id, 'events.jsonl');
      this.#run = { id, live, events: new FollowedEvents(file, (event) => live.take(event)) };
    }
    this.#run?.events?.read();
  }

  parts(): ReturnType<typeof liveParts> {
    const live = this.#run?.live ?? null;
    const now = Date.now();
    if (now - this.#measuredAt >= measureEveryMs) {
      this.#measuredAt = now;
      live?.measure();
    }
    // To the second, so that a page is not sent the same again four times a second.
    return liveParts(live, Math.floor(now / 1000) * 1000);
  }

  page(): Promise<string> {
    return livePage(this.#title, this.parts());
  }

  log(cell: string, from: number): { readonly text: string; readonly next: number } | null {
    const shown = this.#run?.live.state.cells.get(cell as CellId)?.log;
    if (shown == null) return null;
    const path = resolve(this.#project, shown);
    const inside = relative(this.#layout.runs, path);
    // A record names it, and a record may come from elsewhere.
    if (inside === '' || inside.startsWith('..') || inside.startsWith(sep)) return null;
    const file = openRegular(path, 'r');
    if (file === null) return null;
    try {
      const { size } = fstatSync(file);
      const start = from > size ? 0 : Math.max(from, size - logBytes);
      const buffer = Buffer.alloc(Math.min(logBytes, size - start));
      const count = readSync(file, buffer, 0, buffer.length, start);
      return { text: buffer.toString('utf8', 0, count), next: start + count };
    } finally {
      closeSync(file);
    }
  }

  async report(): Promise<Buffer | null> {
    const pipeline = this.#run?.live.state.started?.pipeline ?? 'pipeline.yaml';
    return readFile(join(this.#project, reportFolder(pipeline), 'index.html')).catch(() => null);
  }
}
