/** The values that running cells report, step by step, thinned so that a long run needs no more memory than a short one. */
import type { RunEvent } from '../run/event.ts';

export interface Curve {
  readonly cell: string;
  readonly stage: string;
  readonly metric: string;
  /** Steps, or how many values came before where the stage names no step. */
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** Points kept of a curve: then every other one goes, and from then on every other one is taken. */
const pointsKept = 256;
/** Curves kept: the oldest go first. */
const curvesKept = 2_000;

interface Kept {
  readonly cell: string;
  readonly stage: string;
  readonly metric: string;
  steps: number[];
  values: number[];
  /** Of so many values one is kept. */
  every: number;
  seen: number;
  attempt: number | undefined;
}

export class Curves {
  readonly #curves = new Map<string, Kept>();

  /** `stage`: of the event's cell. */
  take(event: RunEvent & { type: 'cell-metric' }, stage: string): void {
    const key = JSON.stringify([event.cell, event.name]);
    let kept = this.#curves.get(key);
    // A new attempt begins anew.
    if (!kept || kept.attempt !== event.attempt) {
      this.#curves.delete(key);
      const { cell, name: metric, attempt } = event;
      kept = { cell, stage, metric, attempt, steps: [], values: [], every: 1, seen: 0 };
      this.#curves.set(key, kept);
      if (this.#curves.size > curvesKept)
        for (const oldest of this.#curves.keys()) {
          this.#curves.delete(oldest);
          break;
        }
    }
    if (kept.seen++ % kept.every !== 0) return;
    kept.steps.push(event.step ?? kept.seen - 1);
    kept.values.push(event.value);
    if (kept.values.length < pointsKept) return;
    kept.steps = kept.steps.filter((_, i) => i % 2 === 0);
    kept.values = kept.values.filter((_, i) => i % 2 === 0);
    kept.every *= 2;
  }

  of(cell: string, metric: string): Curve | null {
    return this.#curves.get(JSON.stringify([cell, metric])) ?? null;
  }

  /** Of each metric of a stage the curves of at least two points, newest cells last. */
  groups(): readonly {
    readonly stage: string;
    readonly metric: string;
    readonly curves: readonly Curve[];
  }[] {
    const groups = new Map<string, { stage: string; metric: string; curves: Curve[] }>();
    for (const curve of this.#curves.values()) {
      if (curve.values.length < 2) continue;
      const { stage, metric } = curve;
      const key = JSON.stringify([stage, metric]);
      const group = groups.get(key) ?? { stage, metric, curves: [] };
      group.curves.push(curve);
      groups.set(key, group);
    }
    return [...groups.values()];
  }
}
