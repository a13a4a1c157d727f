/** A project in which somebody else's run is at work, with the live page's server over it. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LiveServer } from '../../src/pipe/live/live-server.ts';
import { ProjectSource } from '../../src/pipe/live/live-source.ts';
import type { CellId } from '../../src/pipe/plan/graph.ts';
import { noCells } from '../../src/pipe/run/cell-state.ts';
import type { CellError, RunEvent, RunId } from '../../src/pipe/run/event.ts';
import type { UnstampedEvent } from '../../src/pipe/run/event-stream.ts';

export const runId = '20261124-130501-3f9a' as RunId;
export const key = 'a'.repeat(64) as never;
export const cellOf = (i: number) => `train[${i}]` as CellId;
export const lost: CellError = {
  kind: 'exit',
  message: 'exit code 3',
  hint: null,
  tail: ['loss is <NaN>'],
  details: null,
};

/** A project in which somebody else's run is at work: this writes its events as a driver does. */
export class OtherRun {
  readonly dir = mkdtempSync(join(tmpdir(), 'pipe-live-'));
  readonly source = new ProjectSource(this.dir, 'Many cells', null);
  readonly server = new LiveServer(this.source);
  readonly #folder = join(this.dir, 'cache/runs', runId);

  constructor() {
    mkdirSync(this.#folder, { recursive: true });
  }

  say(...events: readonly UnstampedEvent[]): void {
    const time = new Date().toISOString();
    const lines = events.map((event) => `${JSON.stringify({ time, ...event } as RunEvent)}\n`);
    appendFileSync(join(this.#folder, 'events.jsonl'), lines.join(''));
    this.source.look();
  }

  begin(count: number): void {
    const cells = Array.from({ length: count }, (_, i) => ({
      id: cellOf(i),
      stage: 'train',
      axes: { seed: String(i) },
    }));
    this.say({
      ...{ type: 'run-started', run: runId, pipeline: 'pipeline.yaml', profile: null, set: [], targets: [] },
      ...{ version: '0', revision: null, cells, resources: {} },
    });
  }

  start(i: number): void {
    const log = `cache/runs/${runId}/cells/${i}.txt`;
    mkdirSync(join(this.#folder, 'cells'), { recursive: true });
    writeFileSync(join(this.dir, log), `begins ${i}\n`);
    this.say({ type: 'cell-started', cell: cellOf(i), key, attempt: 1, gpus: [0], pid: process.pid, log });
  }

  metric(i: number, step: number): void {
    this.say({ type: 'cell-metric', cell: cellOf(i), name: 'loss', value: 1 / (1 + step + i / 10), step });
  }

  end(): void {
    const counts = { ...noCells(), done: 1 };
    this.say({ type: 'run-finished', run: runId, outcome: 'done', counts, ms: 5, savedMs: 0, report: null });
  }

  async close(): Promise<void> {
    await this.server.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
