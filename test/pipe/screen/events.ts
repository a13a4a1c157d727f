/** Events of a run as a test tells them, each some milliseconds after the one before. */
import type { Key } from '../../../src/pipe/key/fingerprint.ts';
import type { CellId } from '../../../src/pipe/plan/graph.ts';
import { noCells } from '../../../src/pipe/run/cell-state.ts';
import type { CellError, RunEvent, RunId } from '../../../src/pipe/run/event.ts';
import type { UnstampedEvent } from '../../../src/pipe/run/event-stream.ts';

export const cell = (id: string) => id as CellId;
export const key = 'k' as Key;
const run = '20260101-000000-aaaa' as RunId;

export class Story {
  /** Milliseconds since the epoch. */
  now = Date.UTC(2026, 0, 1);
  readonly #take: (event: RunEvent) => void;

  constructor(take: (event: RunEvent) => void) {
    this.#take = take;
  }

  tell(event: UnstampedEvent, afterMs = 0): this {
    this.now += afterMs;
    this.#take({ time: new Date(this.now).toISOString(), ...event } as RunEvent);
    return this;
  }

  start(
    stages: Readonly<Record<string, readonly string[]>>,
    profile: string | null = null,
    { pipeline = 'pipeline.yaml', set = [] }: { pipeline?: string; set?: readonly string[] } = {},
  ): this {
    return this.tell({
      type: 'run-started',
      run,
      pipeline,
      profile,
      set,
      targets: [],
      version: '1',
      revision: null,
      resources: {},
      cells: Object.entries(stages).flatMap(([stage, axes]) =>
        axes.map((value) => ({ id: cell(value === '' ? stage : `${stage}[${value}]`), stage, axes: {} })),
      ),
    });
  }

  cached(id: string, savedMs = 0): this {
    return this.tell({ type: 'cell-cached', cell: cell(id), key, how: 'up-to-date', savedMs });
  }

  started(id: string, afterMs = 0, expectedMs: number | null = null): this {
    this.tell({ type: 'cell-ready', cell: cell(id), reasons: [], expectedMs }, afterMs);
    return this.tell({
      type: 'cell-started',
      cell: cell(id),
      key,
      attempt: 1,
      gpus: [],
      pid: 1,
      log: `logs/${id}`,
    });
  }

  done(id: string, ms: number): this {
    return this.tell({ type: 'cell-finished', cell: cell(id), key, ms, outBytes: 1 }, ms);
  }

  failed(id: string, error: Partial<CellError> = {}, afterMs = 0): this {
    const whole: CellError = {
      kind: 'exit',
      message: 'exit code 1',
      hint: null,
      tail: [],
      details: null,
      ...error,
    };
    return this.tell(
      { type: 'cell-failed', cell: cell(id), error: whole, ms: 1, log: `logs/${id}` },
      afterMs,
    );
  }

  blocked(id: string, cause: string): this {
    return this.tell({ type: 'cell-not-run', cell: cell(id), state: 'blocked', cause: cell(cause) });
  }

  finish(
    outcome: 'done' | 'up-to-date' | 'failed' | 'interrupted',
    counts: Partial<Record<'done' | 'up-to-date' | 'failed' | 'blocked', number>>,
    more: { ms?: number; savedMs?: number; report?: string | null } = {},
  ): this {
    const { ms = 1000, savedMs = 0, report = null } = more;
    return this.tell({
      type: 'run-finished',
      run,
      outcome,
      counts: { ...noCells(), ...counts },
      ms,
      savedMs,
      report,
    });
  }
}
