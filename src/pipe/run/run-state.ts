/**
 * What the events of a run amount to: the one fold over them. Screens, the exit code, the report's record of a run and
 * `status` are projections of it. No clock, no I/O: the same events, the same state.
 */
import type { CellId } from '../plan/graph.ts';
import { type CellProgress, nextMetric, untouched, withMessage } from './cell-progress.ts';
import { type CellCounts, failedOf, failedState, isInPlace, noCells } from './cell-state.ts';
import type { CellState, RunEvent } from './event.ts';

export interface StageProgress {
  readonly name: string;
  cells: number;
  readonly counts: CellCounts;
  /** Milliseconds of each cell that finished in this run. */
  readonly took: number[];
  startedAt: number | null;
}

export class RunState {
  started: (RunEvent & { type: 'run-started' }) | null = null;
  finished: (RunEvent & { type: 'run-finished' }) | null = null;
  /** Time of the last event, ISO 8601. */
  lastTime = '';
  readonly stages = new Map<string, StageProgress>();
  readonly cells = new Map<CellId, CellProgress>();
  /** Cells at work now, in the order in which they started. */
  readonly running = new Map<CellId, CellProgress>();
  /** Cells that failed, in order. */
  readonly failures: CellProgress[] = [];
  /** Cells that a failure kept from running, by the cell that failed. */
  readonly blocked = new Map<CellId, CellId[]>();
  readonly downloads = new Map<string, { readonly done: number; readonly total: number | null }>();
  /** Cells whose outs are being put back. */
  readonly restoring = new Map<CellId, RunEvent & { readonly type: 'cell-restoring' }>();
  /** How far transfers from and to the remote are. */
  readonly transfers = new Map<string, RunEvent & { readonly type: 'remote-progress' }>();
  /** What the run exchanged with its remote; null: nothing, or not yet known. */
  exchanged: (RunEvent & { readonly type: 'remote-finished' }) | null = null;
  readonly warnings: string[] = [];
  /** Milliseconds that the cells which needed no run took when they ran. */
  savedMs = 0;
  stopping = false;
  /** The most cells that were at work at once. */
  widest = 1;

  take(event: RunEvent): void {
    this.lastTime = event.time;
    switch (event.type) {
      case 'run-started':
        if (this.started !== null) {
          this.#goOn(event);
          return;
        }
        this.started = event;
        for (const { id, stage } of event.cells) this.#add(id, stage);
        return;
      case 'source-progress':
        this.downloads.set(event.source, { done: event.done, total: event.total });
        if (event.done === event.total) this.downloads.delete(event.source);
        return;
      case 'remote-progress':
        this.transfers.set(event.direction, event);
        if (event.done >= event.total) this.transfers.delete(event.direction);
        return;
      case 'remote-finished':
        this.transfers.clear();
        this.exchanged = event;
        return;
      case 'warning':
        this.warnings.push(event.text);
        return;
      case 'run-stopping':
        this.stopping = true;
        return;
      case 'run-finished':
        this.finished = event;
        return;
      case 'heartbeat':
        return;
      default: {
        const cell = this.cells.get(event.cell);
        if (cell) this.#takeOf(cell, event);
      }
    }
  }

  /** Milliseconds since the epoch. */
  get startedAt(): number {
    return this.started === null ? 0 : Date.parse(this.started.time);
  }

  counts(): CellCounts {
    const counts = noCells();
    for (const stage of this.stages.values()) {
      for (const [state, count] of Object.entries(stage.counts)) counts[state as CellState] += count;
    }
    return counts;
  }

  get failed(): number {
    return failedOf(this.counts());
  }

  /** Cells that will not change any more in this run. */
  get ended(): number {
    const { waiting, running } = this.counts();
    return this.cells.size - waiting - running;
  }

  stageOf(cell: CellId): StageProgress | undefined {
    return this.stages.get(this.cells.get(cell)?.stage ?? '');
  }

  #takeOf(cell: CellProgress, event: Extract<RunEvent, { readonly cell: CellId }>): void {
    if (event.type === 'cell-restoring') this.restoring.set(cell.cell, event);
    else this.restoring.delete(cell.cell);
    switch (event.type) {
      case 'cell-cached':
        // Made by this run, before another driver went on with it.
        if (cell.state === 'done') break;
        Object.assign(cell, { key: event.key, ms: event.savedMs, from: event.from ?? null });
        this.savedMs += event.savedMs;
        this.#move(cell, event.how);
        break;
      case 'cell-ready':
        Object.assign(cell, { reasons: event.reasons, expectedMs: event.expectedMs });
        break;
      case 'cell-queued':
        Object.assign(cell, { key: event.key, queuedIn: event.executor });
        break;
      case 'cell-started':
        this.#start(cell, event);
        break;
      case 'cell-progress':
        cell.progress = { done: event.done, total: event.total, unit: event.unit };
        break;
      case 'cell-metric':
        cell.metrics.set(event.name, nextMetric(cell.metrics.get(event.name), event.value, event.step));
        cell.lastMetric = event.name;
        break;
      case 'cell-message':
        cell.messages = withMessage(cell.messages, { level: event.level, text: event.text });
        break;
      case 'cell-retry':
        this.#move(cell, 'waiting');
        break;
      case 'cell-finished':
        Object.assign(cell, { key: event.key, ms: event.ms, outBytes: event.outBytes });
        Object.assign(cell, { peakBytes: event.peakBytes ?? null, cpuMs: event.cpuMs ?? null });
        cell.endedAt = Date.parse(event.time);
        this.stageOf(cell.cell)?.took.push(event.ms);
        this.#move(cell, 'done');
        break;
      case 'cell-failed':
        Object.assign(cell, { error: event.error, ms: event.ms, log: event.log });
        cell.endedAt = Date.parse(event.time);
        this.failures.push(cell);
        this.#move(cell, failedState(event.error));
        break;
      case 'cell-not-run':
        cell.cause = event.cause;
        if (event.cause !== null) this.#blockBy(event.cause, cell.cell);
        this.#move(cell, event.state);
        break;
    }
  }

  #blockBy(cause: CellId, cell: CellId): void {
    const others = this.blocked.get(cause);
    if (others) others.push(cell);
    else this.blocked.set(cause, [cell]);
  }

  /** Another driver goes on with the run: what was not done is looked at anew. */
  #goOn(event: RunEvent & { type: 'run-started' }): void {
    this.started ??= event;
    this.finished = null;
    this.stopping = false;
    this.failures.length = 0;
    this.blocked.clear();
    for (const cell of this.cells.values()) {
      if (cell.state === 'done' || cell.state === 'waiting') continue;
      if (isInPlace(cell.state)) this.savedMs -= cell.ms ?? 0;
      Object.assign(cell, { error: null, cause: null });
      this.#move(cell, 'waiting');
    }
  }

  #add(cell: CellId, name: string): void {
    const stage = this.stages.get(name) ?? {
      name,
      cells: 0,
      counts: noCells(),
      took: [],
      startedAt: null,
    };
    stage.cells++;
    stage.counts.waiting++;
    this.stages.set(name, stage);
    this.cells.set(cell, untouched(cell, name));
  }

  #start(cell: CellProgress, event: RunEvent & { type: 'cell-started' }): void {
    const since = Date.parse(event.time);
    Object.assign(cell, {
      key: event.key,
      attempts: event.attempt,
      gpus: event.gpus,
      log: event.log,
      startedAt: since,
      progress: null,
    });
    this.#move(cell, 'running');
    this.running.set(cell.cell, cell);
    const stage = this.stageOf(cell.cell);
    if (stage) stage.startedAt ??= since;
    this.widest = Math.max(this.widest, this.running.size);
  }

  #move(cell: CellProgress, state: CellState): void {
    const stage = this.stageOf(cell.cell);
    if (stage) {
      stage.counts[cell.state]--;
      stage.counts[state]++;
    }
    cell.state = state;
    if (state !== 'running') this.running.delete(cell.cell);
  }
}
