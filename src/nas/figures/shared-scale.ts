/** One scale for panels that stand beside each other, so that their heights can be compared. */

/** From the least to the largest value there is, with a little room; Vega rounds it to even ticks. */
export function sharedScale(values: Iterable<number | null>): object {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return { zero: false };
  const room = (high - low) * 0.03 || 0.5;
  return {
    zero: false,
    nice: true,
    domain: [low - room, high + room].map((one) => Number(one.toPrecision(5))),
  };
}
