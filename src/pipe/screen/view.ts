/** What a screen shows of a run, kept up to date from its events. */
import type { CellId } from '../plan/graph.ts';
import { type CellCounts, failedState, noCells } from '../run/cell-state.ts';
import type { CellError, CellState, RunEvent } from '../run/event.ts';

export interface RunningCell {
  readonly cell: CellId;
  /** Milliseconds since the epoch, as the events tell it. */
  readonly since: number;
  readonly attempt: number;
  readonly gpus: readonly number[];
  readonly expectedMs: number | null;
  readonly done: number;
  /** 0: it reports no progress. */
  readonly total: number;
  readonly unit: string;
  readonly metric: { readonly name: string; readonly value: number } | null;
}

export interface StageView {
  readonly name: string;
  readonly cells: number;
  readonly counts: CellCounts;
  /** Milliseconds of each cell that finished in this run. */
  readonly took: number[];
  startedAt: number | null;
}

export interface Failure {
  readonly cell: CellId;
  readonly stage: string;
  readonly error: CellError;
  readonly log: string | null;
}

const ended: readonly CellState[] = [
  'up-to-date',
  'restored',
  'frozen',
  'done',
  'failed',
  'dirty-inputs',
  'blocked',
  'cancelled',
];

export class RunView {
  readonly stages = new Map<string, StageView>();
  readonly running = new Map<CellId, RunningCell>();
  readonly failures: Failure[] = [];
  /** Cells that a failure kept from running, by the cell that failed. */
  readonly blocked = new Map<CellId, CellId[]>();
  readonly downloads = new Map<string, { readonly done: number; readonly total: number | null }>();
  readonly #stageOf = new Map<CellId, string>();
  readonly #states = new Map<CellId, CellState>();
  readonly #expected = new Map<CellId, number | null>();
  pipeline = '';
  profile: string | null = null;
  set: readonly string[] = [];
  startedAt = 0;
  stopping = false;
  /** The most cells that were at work at once. */
  widest = 1;

  take(event: RunEvent): void {
    switch (event.type) {
      case 'run-started':
        this.pipeline = event.pipeline;
        this.profile = event.profile;
        this.set = event.set ?? [];
        this.startedAt = Date.parse(event.time);
        for (const { id, stage } of event.cells) this.#add(id, stage);
        break;
      case 'cell-cached':
        this.#move(event.cell, event.how);
        break;
      case 'cell-ready':
        this.#expected.set(event.cell, event.expectedMs);
        break;
      case 'cell-started':
        this.#start(event);
        break;
      case 'cell-progress':
        this.#change(event.cell, { done: event.done, total: event.total, unit: event.unit });
        break;
      case 'cell-metric':
        this.#change(event.cell, { metric: { name: event.name, value: event.value } });
        break;
      case 'cell-retry':
        this.running.delete(event.cell);
        this.#move(event.cell, 'waiting');
        break;
      case 'cell-finished':
        this.#move(event.cell, 'done');
        this.stage(event.cell)?.took.push(event.ms);
        break;
      case 'cell-failed': {
        const stage = this.#stageOf.get(event.cell) ?? '';
        this.#move(event.cell, failedState(event.error));
        this.failures.push({ cell: event.cell, stage, error: event.error, log: event.log });
        break;
      }
      case 'cell-not-run':
        this.#move(event.cell, event.state);
        if (event.cause !== null) {
          this.blocked.set(event.cause, [...(this.blocked.get(event.cause) ?? []), event.cell]);
        }
        break;
      case 'source-progress':
        this.downloads.set(event.source, { done: event.done, total: event.total });
        if (event.done === event.total) this.downloads.delete(event.source);
        break;
      case 'run-stopping':
        this.stopping = true;
        break;
    }
  }

  get cells(): number {
    return this.#states.size;
  }

  count(...states: readonly CellState[]): number {
    let sum = 0;
    for (const stage of this.stages.values()) for (const state of states) sum += stage.counts[state];
    return sum;
  }

  get ended(): number {
    return this.count(...ended);
  }

  stage(cell: CellId): StageView | undefined {
    return this.stages.get(this.#stageOf.get(cell) ?? '');
  }

  /** Milliseconds until the run ends, from what cells of the same stage took; null: too little is known. */
  remainingMs(now: number): number | null {
    let work = 0;
    for (const stage of this.stages.values()) {
      const open = stage.counts.waiting + stage.counts.running;
      if (open === 0) continue;
      const mean = meanOf(stage.took);
      if (mean === null && stage.counts.waiting > 0) return null;
      work += (mean ?? 0) * stage.counts.waiting;
    }
    let longest = 0;
    for (const running of this.running.values()) {
      const left = this.cellRemainingMs(running, now);
      if (left === null) return null;
      work += left;
      longest = Math.max(longest, left);
    }
    return Math.max(longest, work / this.widest);
  }

  cellRemainingMs(running: RunningCell, now: number): number | null {
    const spent = now - running.since;
    // The first steps tell little: a stage compiles or reads its data before it is at full speed.
    if (running.total > 0 && running.done > 0 && spent > 2000) {
      return (spent * (running.total - running.done)) / running.done;
    }
    const expected = running.expectedMs ?? meanOf(this.stage(running.cell)?.took ?? []);
    return expected === null ? null : Math.max(0, expected - spent);
  }

  #add(cell: CellId, name: string): void {
    const known = this.stages.get(name);
    const stage: StageView = {
      name,
      cells: (known?.cells ?? 0) + 1,
      counts: known?.counts ?? noCells(),
      took: known?.took ?? [],
      startedAt: null,
    };
    stage.counts.waiting++;
    this.stages.set(name, stage);
    this.#stageOf.set(cell, name);
    this.#states.set(cell, 'waiting');
  }

  #move(cell: CellId, state: CellState): void {
    const stage = this.stage(cell);
    const before = this.#states.get(cell);
    if (!stage || before === undefined) return;
    stage.counts[before]--;
    stage.counts[state]++;
    this.#states.set(cell, state);
    if (state !== 'running') this.running.delete(cell);
  }

  #start(event: RunEvent & { type: 'cell-started' }): void {
    this.#move(event.cell, 'running');
    const since = Date.parse(event.time);
    const stage = this.stage(event.cell);
    if (stage) stage.startedAt ??= since;
    this.running.set(event.cell, {
      cell: event.cell,
      since,
      attempt: event.attempt,
      gpus: event.gpus,
      expectedMs: this.#expected.get(event.cell) ?? null,
      done: 0,
      total: 0,
      unit: '',
      metric: null,
    });
    this.widest = Math.max(this.widest, this.running.size);
  }

  #change(cell: CellId, change: Partial<RunningCell>): void {
    const running = this.running.get(cell);
    if (running) this.running.set(cell, { ...running, ...change });
  }
}

export function isOver(stage: StageView): boolean {
  return stage.counts.waiting === 0 && stage.counts.running === 0;
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
