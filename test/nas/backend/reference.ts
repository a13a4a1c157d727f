// The kernels again as plain loops over float64, straight from their definitions: what both backends are compared with.

export interface Array4 {
  readonly shape: readonly [number, number, number, number];
  readonly values: Float64Array;
}

export function zeros4(shape: Array4['shape']): Array4 {
  return { shape, values: new Float64Array(shape[0] * shape[1] * shape[2] * shape[3]) };
}

export function at({ shape }: Array4, a: number, b: number, c: number, d: number): number {
  return ((a * shape[1] + b) * shape[2] + c) * shape[3] + d;
}

/** Calls `visit` with the flat places of x, w and y of every product in the convolution of x with w. */
function products(
  x: Array4,
  w: Array4,
  y: Array4,
  stride: number,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [size, , inputs, outputs] = w.shape;
  const border = (size - 1) / 2;
  const [n, height, width] = y.shape;
  for (let image = 0; image < n; image++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        for (let ky = 0; ky < size; ky++)
          for (let kx = 0; kx < size; kx++) {
            const [sy, sx] = [row * stride + ky - border, column * stride + kx - border];
            if (sy < 0 || sx < 0 || sy >= x.shape[1] || sx >= x.shape[2]) continue;
            for (let i = 0; i < inputs; i++)
              for (let o = 0; o < outputs; o++)
                visit(at(x, image, sy, sx, i), at(w, ky, kx, i, o), at(y, image, row, column, o));
          }
}

export function convolve(x: Array4, w: Array4, stride: number): Array4 {
  const [n, height, width] = x.shape;
  const y = zeros4([n, Math.ceil(height / stride), Math.ceil(width / stride), w.shape[3]]);
  products(x, w, y, stride, (from, weight, to) => {
    y.values[to]! += x.values[from]! * w.values[weight]!;
  });
  return y;
}

export function convolutionGradients(x: Array4, w: Array4, dy: Array4, stride: number) {
  const [dx, dw] = [zeros4(x.shape), zeros4(w.shape)];
  products(x, w, dy, stride, (from, weight, to) => {
    dx.values[from]! += dy.values[to]! * w.values[weight]!;
    dw.values[weight]! += dy.values[to]! * x.values[from]!;
  });
  return { dx, dw };
}

export function batchNorm(x: Array4, scale: readonly number[], offset: readonly number[], epsilon: number) {
  const channels = x.shape[3];
  const count = x.values.length / channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  x.values.forEach((value, i) => {
    mean[i % channels]! += value / count;
  });
  x.values.forEach((value, i) => {
    variance[i % channels]! += (value - mean[i % channels]!) ** 2 / count;
  });
  const values = x.values.map((value, i) => {
    const c = i % channels;
    return ((value - mean[c]!) / Math.sqrt(variance[c]! + epsilon)) * scale[c]! + offset[c]!;
  });
  return { y: { shape: x.shape, values }, mean, variance };
}

/** 3×3 average around each pixel, over 9 or over the pixels inside. */
export function pool3(x: Array4, countPadding: boolean): Array4 {
  const y = zeros4(x.shape);
  const [n, height, width, channels] = x.shape;
  for (let image = 0; image < n; image++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        for (let c = 0; c < channels; c++) {
          let [sum, inside] = [0, 0];
          for (let sy = row - 1; sy <= row + 1; sy++)
            for (let sx = column - 1; sx <= column + 1; sx++) {
              if (sy < 0 || sx < 0 || sy >= height || sx >= width) continue;
              sum += x.values[at(x, image, sy, sx, c)]!;
              inside++;
            }
          y.values[at(y, image, row, column, c)] = sum / (countPadding ? 9 : inside);
        }
  return y;
}

/** Gradient of Σ f(x)·weight by x, by central differences in float64. */
export function numericalGradient(
  x: Float64Array,
  weight: Float64Array,
  f: (x: Float64Array) => Float64Array,
): Float64Array {
  const step = 1e-5;
  const objective = (values: Float64Array) =>
    f(values).reduce((sum, value, i) => sum + value * weight[i]!, 0);
  return x.map((value, i) => {
    const moved = Float64Array.from(x);
    moved[i] = value + step;
    const above = objective(moved);
    moved[i] = value - step;
    return (above - objective(moved)) / (2 * step);
  });
}

/**
 * Values in −1…1 without a pattern that a wrong index would keep. Data, not a property's cases: two programs must have the
 * same, and millions of them, so that they are computed and not drawn by fast-check.
 */
export function noise(shape: Array4['shape'], seed: number): Array4 {
  let state = (seed * 2654435761) >>> 0;
  const values = new Float64Array(shape[0] * shape[1] * shape[2] * shape[3]).map(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return { shape, values };
}

/** Largest difference over largest value. */
export function relativeError(got: Float32Array, wanted: Float64Array): number {
  const largest = (values: Float64Array) =>
    values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest(wanted.map((value, i) => value - got[i]!)) / Math.max(largest(wanted), 1e-12);
}
