/** Corrections for looking more than once. Both take p-values and give adjusted ones in the same order. */

/** Holm 1979: the probability of any false rejection among them stays below the level. */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const adjusted = new Array<number>(values.length).fill(1);
  let least = 0;
  for (const [rank, i] of order.entries()) {
    least = Math.max(least, Math.min(1, (values.length - rank) * values[i]!));
    adjusted[i] = least;
  }
  return adjusted;
}

/** Benjamini & Hochberg 1995: the expected part of false ones among the rejected stays below the level. */
export function falseDiscovery(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const adjusted = new Array<number>(values.length).fill(1);
  let least = 1;
  for (const [place, i] of order.entries()) {
    const rank = values.length - place;
    least = Math.min(least, (values.length / rank) * values[i]!);
    adjusted[i] = least;
  }
  return adjusted;
}
