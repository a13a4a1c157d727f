/** Numbers without a pattern, the same each time, by fast-check's generator: for tests that draw what they work on. */
import fc from 'fast-check';

const numbers = fc.infiniteStream(fc.noBias(fc.nat()), { noHistory: true });

/** Whole numbers from 0, below what is asked for. */
export type Pick = (below: number) => number;

export function numbersOf(seed: number): Pick {
  const [stream] = fc.sample(numbers, { seed, numRuns: 1 });
  return (below) => (stream?.next().value ?? 0) % below;
}

/** One of a list that has some. */
export function at<One>(list: readonly One[], pick: Pick): One {
  return list[pick(list.length)] as One;
}
