/** How far one cell of a run is: what its events amount to. */
import type { Key, Reason } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
import type { CellError, CellState } from './event.ts';

export interface CellProgress {
  readonly cell: CellId;
  readonly stage: string;
  state: CellState;
  key: Key | null;
  reasons: readonly Reason[];
  expectedMs: number | null;
  /** Attempts begun; 0: it did not start in this run. */
  attempts: number;
  /** The executor whose queue it waits in, or ran in; null: this machine. */
  queuedIn: string | null;
  /** Most bytes of memory at once; null: not measured. */
  peakBytes: number | null;
  cpuMs: number | null;
  gpus: readonly number[];
  log: string | null;
  /** Milliseconds since the epoch, of the last attempt; null: it did not start in this run. */
  startedAt: number | null;
  endedAt: number | null;
  /** The remote that its outs were taken from in this run; null: none. */
  from: string | null;
  /** Milliseconds that making its outs took, in this run or in the one that they come from. */
  ms: number | null;
  outBytes: number | null;
  progress: { readonly done: number; readonly total: number; readonly unit: string } | null;
  /** Every metric it reported, in order of first report. */
  readonly metrics: Map<string, MetricProgress>;
  /** Name of the metric that was reported last. */
  lastMetric: string | null;
  /** What it said, newest last; the oldest beyond a bound are gone. */
  messages: readonly { readonly level: 'info' | 'warning'; readonly text: string }[];
  error: CellError | null;
  /** The cell whose failure kept it from running. */
  cause: CellId | null;
}

export interface MetricProgress {
  readonly first: number;
  readonly last: number;
  readonly min: number;
  readonly max: number;
  readonly step: number | null;
  readonly count: number;
}

/** Most messages of each level kept of one cell: a stage may write one per batch. */
const messagesKept = 20;

/** A cell that no event was about yet. */
export function untouched(cell: CellId, stage: string): CellProgress {
  return {
    cell,
    stage,
    state: 'waiting',
    key: null,
    reasons: [],
    expectedMs: null,
    attempts: 0,
    queuedIn: null,
    peakBytes: null,
    cpuMs: null,
    gpus: [],
    log: null,
    startedAt: null,
    endedAt: null,
    from: null,
    ms: null,
    outBytes: null,
    progress: null,
    metrics: new Map(),
    lastMetric: null,
    messages: [],
    error: null,
    cause: null,
  };
}

/** With one more, without the oldest of its level beyond the bound. */
export function withMessage(messages: CellProgress['messages'], one: CellProgress['messages'][number]) {
  const same = messages.filter(({ level }) => level === one.level);
  const dropped = same.length < messagesKept ? undefined : same[0];
  return [...messages.filter((message) => message !== dropped), one];
}

/** With one more value of it. */
export function nextMetric(
  before: MetricProgress | undefined,
  value: number,
  step: number | null,
): MetricProgress {
  return {
    first: before?.first ?? value,
    last: value,
    min: Math.min(before?.min ?? value, value),
    max: Math.max(before?.max ?? value, value),
    step,
    count: (before?.count ?? 0) + 1,
  };
}
