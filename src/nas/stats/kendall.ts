/** Kendall's τ in O(n log n) (Knight 1966): τ-a is the paper's formula (section 3.1), τ-b corrects for ties. */

export interface Kendall {
  /** (concordant − discordant) / C(n,2); null below two pairs. */
  readonly a: number | null;
  /** The same over pairs tied in neither variable's own sense; null when x or y is constant. */
  readonly b: number | null;
}

/**
 * τ of n pairs. Pairs with a NaN on either side are left out. Throws RangeError when lengths differ.
 */
export function kendall(x: ArrayLike<number>, y: ArrayLike<number>): Kendall {
  const pairs = completePairs(x, y);
  const n = pairs.x.length;
  if (n < 2) return { a: null, b: null };
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => pairs.x[i]! - pairs.x[j]! || pairs.y[i]! - pairs.y[j]!,
  );
  return kendallOfSorted(
    Float64Array.from(order, (i) => pairs.x[i]!),
    Float64Array.from(order, (i) => pairs.y[i]!),
  );
}

/** τ of pairs that ascend by x, and by y where x is equal. Sorts `ys` in place. No NaN. */
export function kendallOfSorted(xs: Float64Array, ys: Float64Array): Kendall {
  const n = xs.length;
  const tiedInX = tiedPairs(n, (i, j) => xs[i] === xs[j]);
  const tiedInBoth = tiedPairs(n, (i, j) => xs[i] === xs[j] && ys[i] === ys[j]);
  const discordant = countInversions(ys);
  // countInversions sorted ys, so ties in y now stand together.
  const tiedInY = tiedPairs(n, (i, j) => ys[i] === ys[j]);
  const total = (n * (n - 1)) / 2;
  const difference = total - tiedInX - tiedInY + tiedInBoth - 2 * discordant;
  const [ofX, ofY] = [total - tiedInX, total - tiedInY];
  // The root of a square may round away from its number, and then τ = 1 would not be 1.
  const scale = ofX === ofY ? ofX : Math.sqrt(ofX) * Math.sqrt(ofY);
  return { a: difference / total, b: scale > 0 ? Math.max(-1, Math.min(1, difference / scale)) : null };
}

/** The pairs in which neither side is NaN. Throws RangeError when lengths differ. */
export function completePairs(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): { readonly x: Float64Array; readonly y: Float64Array } {
  if (x.length !== y.length) throw new RangeError(`${x.length} x values but ${y.length} y values`);
  const keep = Array.from({ length: x.length }, (_, i) => i).filter(
    (i) => !Number.isNaN(x[i]) && !Number.isNaN(y[i]),
  );
  return { x: Float64Array.from(keep, (i) => x[i]!), y: Float64Array.from(keep, (i) => y[i]!) };
}

/** Pairs inside runs of equal neighbours of a sorted sequence. */
function tiedPairs(n: number, equal: (i: number, j: number) => boolean): number {
  let pairs = 0;
  for (let start = 0, i = 1; i <= n; i++) {
    if (i < n && equal(i - 1, i)) continue;
    pairs += ((i - start) * (i - start - 1)) / 2;
    start = i;
  }
  return pairs;
}

/** Pairs i < j with values[i] > values[j]. Sorts `values` (merge sort, bottom up). */
function countInversions(values: Float64Array): number {
  const n = values.length;
  let from: Float64Array = values;
  let to: Float64Array = new Float64Array(n);
  let inversions = 0;
  for (let width = 1; width < n; width *= 2) {
    for (let low = 0; low < n; low += 2 * width) {
      const middle = Math.min(low + width, n);
      const high = Math.min(low + 2 * width, n);
      for (let left = low, right = middle, out = low; out < high; out++) {
        if (left < middle && (right >= high || from[left]! <= from[right]!)) to[out] = from[left++]!;
        else {
          inversions += middle - left;
          to[out] = from[right++]!;
        }
      }
    }
    [from, to] = [to, from];
  }
  if (from !== values) values.set(from);
  return inversions;
}
