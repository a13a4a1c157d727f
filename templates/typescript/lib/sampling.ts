/** Points in the unit square, and what they say of π. */
export type Point = readonly [x: number, y: number];
export const methods = ['random', 'halton'] as const;
export type Method = (typeof methods)[number];

/** A small seeded generator (mulberry32): the same seed, the same numbers in [0, 1). */
export function generator(seed: number): () => number {
  let state = seed + 0x6d2b79f5;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The digits of `index` mirrored behind the point: 1, 2, 3 in base 2 are 1/2, 1/4, 3/4. */
export function halton(index: number, base: number): number {
  let result = 0;
  let share = 1 / base;
  for (let rest = index; rest > 0; rest = Math.floor(rest / base)) {
    result += (rest % base) * share;
    share /= base;
  }
  return result;
}

/** `halton` points are shifted by what the seed draws, so that each seed has others. */
export function* sample(method: Method, seed: number, count: number): Generator<Point> {
  const next = generator(seed);
  const shift = [next(), next()] as const;
  for (let i = 1; i <= count; i++) {
    if (method === 'random') yield [next(), next()];
    else yield [(halton(i, 2) + shift[0]) % 1, (halton(i, 3) + shift[1]) % 1];
  }
}

/** Four times the share of points within the quarter circle, after each point. */
export function* estimates(points: Iterable<Point>): Generator<number> {
  let inside = 0;
  let all = 0;
  for (const [x, y] of points) {
    all++;
    if (x * x + y * y < 1) inside++;
    yield (4 * inside) / all;
  }
}
