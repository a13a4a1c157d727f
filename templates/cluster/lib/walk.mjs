/** Walks along a line, a step to the left or to the right at a time. */

/** A small seeded generator (mulberry32): the same seed, the same numbers in [0, 1). */
export function generator(seed) {
  let state = seed + 0x6d2b79f5;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Where a walk of so many steps ends. */
export function walk(steps, next) {
  let place = 0;
  for (let step = 0; step < steps; step++) place += next() < 0.5 ? 1 : -1;
  return place;
}

/** Root of the mean square, which is what has a law: the square root of the number of steps. */
export function distance(places) {
  return Math.sqrt(places.reduce((sum, place) => sum + place * place, 0) / places.length);
}

/** Slope of log y over log x: the power in y = c · x^power. */
export function power(points) {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)]);
  const [x, y] = [0, 1].map((side) => logs.reduce((sum, point) => sum + point[side], 0) / logs.length);
  const above = logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return above / logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}
