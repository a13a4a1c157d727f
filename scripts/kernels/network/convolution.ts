// biome-ignore-all lint: AssemblyScript: other types, other operators
/** The gradients of a convolution, any number of channels. Filters are HWIO. */

/**
 * A convolution's gradient by its filter: dw [k, k, inputs, outputs] from x [images, height, width, inputs] and dy
 * [images, rows, columns, outputs], padding (k − 1) / 2. Some rows of an image at a time are
 * copied with their border, so that the k · inputs values under a row of the filter lie together; the gradient by that row
 * of the filter is then a matrix product over the pixels. `scratch`: scratchBytes() of it.
 */
export function filterGradient(
  x: usize,
  dy: usize,
  images: u32,
  height: u32,
  width: u32,
  inputs: u32,
  rows: u32,
  columns: u32,
  outputs: u32,
  k: u32,
  stride: u32,
  scratch: usize,
  dw: usize,
): void {
  const pad = (k - 1) >> 1;
  const m: u32 = (k * inputs + 3) & ~3;
  const n: u32 = (outputs + 7) & ~7;
  const rowsAtOnce = min(rows, rowsOfBlock(columns));
  const borderedRow: usize = ((columns - 1) * stride + k) * inputs * 4;
  const sums = scratch;
  const widened = sums + k * m * n * 4;
  const bordered = widened + (n === outputs ? 0 : rowsAtOnce * columns * n * 4);
  const left: usize = pad * inputs * 4;
  // The last columns of an even image meet no output at stride 2.
  const inside: usize = min<usize>(width * inputs * 4, borderedRow - left);
  memory.fill(sums, 0, k * m * n * 4);
  memory.fill(bordered, 0, ((rowsAtOnce - 1) * stride + k) * borderedRow + 16);
  for (let image: u32 = 0; image < images; image++) {
    for (let from: u32 = 0; from < rows; from += rowsAtOnce) {
      const count = min(rows - from, rowsAtOnce);
      const reach = (count - 1) * stride + k;
      for (let row: u32 = 0; row < reach; row++) {
        const source = <i32>(from * stride + row) - <i32>pad;
        const target = bordered + row * borderedRow + left;
        if (source < 0 || source >= <i32>height) memory.fill(target, 0, inside);
        else memory.copy(target, x + (image * height + source) * width * inputs * 4, inside);
      }
      let gradient = dy + (image * rows + from) * columns * outputs * 4;
      if (n !== outputs) {
        widen(gradient, count * columns, outputs, n, widened);
        gradient = widened;
      }
      for (let ky: u32 = 0; ky < k; ky++) {
        const top = bordered + ky * borderedRow;
        const part = sums + ky * m * n * 4;
        addProducts(top, borderedRow * stride, inputs * stride * 4, gradient, count, columns, m, n, part);
      }
    }
  }
  for (let ky: u32 = 0; ky < k; ky++) {
    for (let i: u32 = 0; i < k * inputs; i++) {
      memory.copy(dw + (ky * k * inputs + i) * outputs * 4, sums + (ky * m + i) * n * 4, outputs * 4);
    }
  }
}

/** How much filterGradient needs. */
export function scratchBytes(
  inputs: u32,
  rows: u32,
  columns: u32,
  outputs: u32,
  k: u32,
  stride: u32,
): usize {
  const m: u32 = (k * inputs + 3) & ~3;
  const n: u32 = (outputs + 7) & ~7;
  const rowsAtOnce = min(rows, rowsOfBlock(columns));
  const bordered = ((rowsAtOnce - 1) * stride + k) * ((columns - 1) * stride + k) * inputs * 4;
  // 16 more: the last four of m lanes may begin at the last value.
  return k * m * n * 4 + rowsAtOnce * columns * n * 4 + bordered + 16;
}

/** About as many pixels at a time as stay in the first cache with 16 to 64 channels. */
// @ts-ignore: decorator
@inline
function rowsOfBlock(columns: u32): u32 {
  return max<u32>(1, 256 / columns);
}

/** [pixels, channels] → [pixels, wide], zeros behind. */
function widen(from: usize, pixels: u32, channels: u32, wide: u32, to: usize): void {
  memory.fill(to, 0, pixels * wide * 4);
  for (let p: u32 = 0; p < pixels; p++) memory.copy(to + p * wide * 4, from + p * channels * 4, channels * 4);
}

/** sums [m, n] += Σ over rows and columns of x (m values at each place) times dy (n values at each place). */
function addProducts(
  x: usize,
  xRow: usize,
  xStep: usize,
  dy: usize,
  rows: u32,
  columns: u32,
  m: u32,
  n: u32,
  sums: usize,
): void {
  const dyStep: usize = n << 2;
  for (let j: usize = 0; j < dyStep; j += 32) {
    for (let i: usize = 0; i < m; i += 4) {
      let s00 = f32x4.splat(0);
      let s01 = f32x4.splat(0);
      let s10 = f32x4.splat(0);
      let s11 = f32x4.splat(0);
      let s20 = f32x4.splat(0);
      let s21 = f32x4.splat(0);
      let s30 = f32x4.splat(0);
      let s31 = f32x4.splat(0);
      let b = dy + j;
      for (let row: u32 = 0; row < rows; row++) {
        let a = x + row * xRow + (i << 2);
        for (let column = columns; column > 0; column--) {
          const b0 = v128.load(b);
          const b1 = v128.load(b, 16);
          const a0 = v128.load_splat<f32>(a);
          s00 = v128.add<f32>(s00, v128.mul<f32>(a0, b0));
          s01 = v128.add<f32>(s01, v128.mul<f32>(a0, b1));
          const a1 = v128.load_splat<f32>(a, 4);
          s10 = v128.add<f32>(s10, v128.mul<f32>(a1, b0));
          s11 = v128.add<f32>(s11, v128.mul<f32>(a1, b1));
          const a2 = v128.load_splat<f32>(a, 8);
          s20 = v128.add<f32>(s20, v128.mul<f32>(a2, b0));
          s21 = v128.add<f32>(s21, v128.mul<f32>(a2, b1));
          const a3 = v128.load_splat<f32>(a, 12);
          s30 = v128.add<f32>(s30, v128.mul<f32>(a3, b0));
          s31 = v128.add<f32>(s31, v128.mul<f32>(a3, b1));
          a += xStep;
          b += dyStep;
        }
      }
      const at = sums + i * dyStep + j;
      add(at, s00);
      add(at + 16, s01);
      add(at + dyStep, s10);
      add(at + dyStep + 16, s11);
      add(at + (dyStep << 1), s20);
      add(at + (dyStep << 1) + 16, s21);
      add(at + dyStep * 3, s30);
      add(at + dyStep * 3 + 16, s31);
    }
  }
}

// @ts-ignore: decorator
@inline
function add(at: usize, lanes: v128): void {
  v128.store(at, v128.add<f32>(v128.load(at), lanes));
}

/**
 * The filter [k, k, inputs, outputs] as the input's gradient needs it: [reach, reach, outputs, stride, stride, inputs].
 * Each of the stride × stride places of a cell of the input gets a channel group of a convolution over dy. Row d + before
 * of the filter for place r is row r + (k − 1) / 2 − stride · d of the given one, or zeros.
 */
export function phaseFilter(
  w: usize,
  k: u32,
  inputs: u32,
  outputs: u32,
  stride: u32,
  reach: u32,
  before: u32,
  result: usize,
): void {
  const pad = <i32>((k - 1) >> 1);
  let at = result;
  for (let dy: u32 = 0; dy < reach; dy++) {
    for (let dx: u32 = 0; dx < reach; dx++) {
      for (let o: u32 = 0; o < outputs; o++) {
        for (let r: u32 = 0; r < stride; r++) {
          const ky = <i32>r + pad - <i32>stride * (<i32>dy - <i32>before);
          for (let t: u32 = 0; t < stride; t++) {
            const kx = <i32>t + pad - <i32>stride * (<i32>dx - <i32>before);
            const there = ky >= 0 && ky < <i32>k && kx >= 0 && kx < <i32>k;
            const source = w + ((ky * <i32>k + kx) * <i32>(inputs * outputs) + <i32>o) * 4;
            for (let i: u32 = 0; i < inputs; i++) {
              store<f32>(at, there ? load<f32>(source + i * outputs * 4) : 0);
              at += 4;
            }
          }
        }
      }
    }
  }
}

/** [images, rows, columns, 2, 2, channels] → [images, height, width, channels]: the two twos go to height and width. */
export function interleave(
  x: usize,
  images: u32,
  rows: u32,
  columns: u32,
  channels: u32,
  height: u32,
  width: u32,
  y: usize,
): void {
  const pair: usize = channels * 8;
  for (let image: u32 = 0; image < images; image++) {
    for (let row: u32 = 0; row < height; row++) {
      let from = x + (image * rows + (row >> 1)) * columns * pair * 2 + (row & 1) * pair;
      for (let column: u32 = 0; column < width; column += 2) {
        const bytes = min<usize>(pair, (width - column) * channels * 4);
        const whole = bytes & ~15;
        let at: usize = 0;
        for (; at < whole; at += 16) v128.store(y + at, v128.load(from + at));
        for (; at < bytes; at += 4) store<f32>(y + at, load<f32>(from + at));
        from += pair * 2;
        y += bytes;
      }
    }
  }
}
