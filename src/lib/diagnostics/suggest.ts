/** "Did you mean": the words that would have been right, and the nearest of them. */

/** A hint naming the candidate nearest to `word`, or undefined when none is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const near = nearest(word, candidates);
  return near === undefined ? undefined : `did you mean \`${near}\`?`;
}

/** "`a`, `b`, …": at most eight. */
export function listOf(words: Iterable<string>): string {
  const all = [...words];
  const shown = all.slice(0, 8).map((word) => `\`${word}\``);
  return all.length > 8 ? `${shown.join(', ')} and ${all.length - 8} more` : shown.join(', ') || 'none';
}

/** The candidate within a third of the word's length (at least one edit, at most three, never the whole word); first wins a tie. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.min(word.length - 1, 3, Math.max(1, Math.floor(word.length / 3)));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (candidate === word || Math.abs(candidate.length - word.length) > limit || word.length > 100) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Edits between two words: insert, delete, replace, swap of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] as number) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}
