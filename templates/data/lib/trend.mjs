/** Means that need no more memory for a larger file, and the slope of a line through points. */

export class Mean {
  sum = 0;
  count = 0;

  add(value) {
    this.sum += value;
    this.count++;
  }

  get value() {
    return this.sum / this.count;
  }
}

/** Least squares: how much y rises when x rises by 1. */
export function slope(points) {
  const [x, y] = [new Mean(), new Mean()];
  for (const [a, b] of points) {
    x.add(a);
    y.add(b);
  }
  let [above, below] = [0, 0];
  for (const [a, b] of points) {
    above += (a - x.value) * (b - y.value);
    below += (a - x.value) ** 2;
  }
  return above / below;
}
