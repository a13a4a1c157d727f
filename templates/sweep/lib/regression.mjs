/** Logistic regression on points of two classes that overlap. */

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

/** Points [x, y, class]; the classes lie around (1, 1) and (-1, -1). */
export function points(next, count) {
  return Array.from({ length: count }, (_, index) => {
    const side = index % 2;
    const wobble = () => next() + next() + next() - 1.5;
    return [2 * side - 1 + 2 * wobble(), 2 * side - 1 + 2 * wobble(), side];
  });
}

export function probability([a, b, c], [x, y]) {
  return 1 / (1 + Math.exp(-(a * x + b * y + c)));
}

/** Share of points on the right side. */
export function accuracy(weights, data) {
  return data.filter((point) => probability(weights, point) > 0.5 === (point[2] === 1)).length / data.length;
}

/** Yields the weights after each step. */
export function* descend(data, { rate, batch, steps, next }) {
  let weights = [0, 0, 0];
  for (let step = 0; step < steps; step++) {
    const slope = [0, 0, 0];
    for (let i = 0; i < batch; i++) {
      const point = data[Math.floor(next() * data.length)];
      const error = probability(weights, point) - point[2];
      [point[0], point[1], 1].forEach((value, index) => {
        slope[index] += (error * value) / batch;
      });
    }
    weights = weights.map((weight, index) => weight - rate * slope[index]);
    yield weights;
  }
}
