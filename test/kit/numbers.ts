/** Numbers without a pattern, the same each time, by fast-check's generator: for tests that draw what they work on. */
import fc from 'fast-check';

const batch = 1024;

/** Whole numbers from 0, below what is asked for. */
export function numbersOf(seed: number): (below: number) => number {
  let drawn: number[] = [];
  let batches = 0;
  return (below) => {
    if (drawn.length === 0) {
      const options = { seed: seed + 1_000_003 * batches++, numRuns: batch };
      drawn = fc.sample(fc.noBias(fc.nat()), options);
    }
    return (drawn.pop() ?? 0) % below;
  };
}
