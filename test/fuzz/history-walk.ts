/** Walks histories by their seeds: which steps each takes, and how one that fails is made shorter. */

import { numbersOf, type Pick } from '../kit/numbers.ts';
import { History } from './history.ts';

export interface Failure {
  readonly seed: number;
  /** Numbers of the steps that it takes. */
  readonly steps: readonly number[];
  readonly why: string;
  /** The steps in words. */
  readonly told: readonly string[];
}

/** How often each kind of step was taken. */
export type Drawn = Record<string, number>;

/** A step's weight, and what it does with the numbers that are its own. */
const actions: readonly (readonly [weight: number, act: (history: History, pick: Pick) => Promise<void>])[] =
  [
    [12, async (history, pick) => history.edit(pick)],
    [4, async (history, pick) => history.run(pick)],
    [1, async (history, pick) => history.runWhileEdited(pick)],
    [1, async (history, pick) => history.twoRuns(pick)],
    [1, async (history, pick) => history.collect(pick)],
    [1, async (history, pick) => history.collectBeside(pick)],
    [2, async (history, pick) => history.freeze(pick)],
    [1, async (history) => history.back()],
  ];
const weights = actions.flatMap(([weight], index) => Array.from({ length: weight }, () => index));

/**
 * The history of a seed: the number of its steps and their kinds are its own. `only`: these steps alone; `drawn`: counts
 * what was done. Null: it went well.
 */
export async function walk(
  seed: number,
  only?: readonly number[],
  drawn: Drawn = {},
): Promise<Failure | null> {
  const pick = numbersOf(seed ^ 0x5bd1e995);
  const count = 2 + pick(6);
  const steps = Array.from({ length: count }, () => ({
    action: actions[weights[pick(weights.length)] ?? 0],
    number: pick(1_000_000_000),
  }));
  const taken = only ?? steps.map((_, index) => index);
  const history = new History(seed);
  try {
    let why: string | null;
    try {
      for (const index of taken) {
        const step = steps[index];
        await step?.action?.[1](history, numbersOf(step.number));
      }
      why = await history.check();
    } catch (error) {
      why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    for (const kind of history.drawn) drawn[kind] = (drawn[kind] ?? 0) + 1;
    return why === null ? null : { seed, steps: taken, why, told: history.told };
  } finally {
    history.project.remove();
  }
}

/** The same failure with as few steps as can be found. */
export async function shrink(failure: Failure): Promise<Failure> {
  let best = failure;
  for (let index = best.steps.length - 1; index >= 0; index--) {
    const fewer = best.steps.toSpliced(index, 1);
    // Twice, because some depend on who comes first.
    const again = (await walk(failure.seed, fewer)) ?? (await walk(failure.seed, fewer));
    if (again) best = again;
  }
  return best;
}

export function failureText({ seed, steps, why, told }: Failure): string {
  const again = `npm run test:histories -- --count 1 --from ${seed}`;
  return `history ${seed}: ${why}\n${told.map((text, index) => `  ${index + 1}. ${text}`).join('\n')}\n  again: ${again} --steps ${steps.join(',')}`;
}

export interface Walked {
  readonly failures: readonly Failure[];
  readonly drawn: Drawn;
}

/** `count` histories from seed `from` on, several at a time: each waits for the file system's clock now and then. */
export async function walkHistories(from: number, count: number, atOnce = 12): Promise<Walked> {
  const failures: Failure[] = [];
  const drawn: Drawn = {};
  let next = from;
  const worker = async () => {
    while (next < from + count) {
      const failure = await walk(next++, undefined, drawn);
      if (failure) failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { failures, drawn };
}
