// biome-ignore-all lint: AssemblyScript: other types, other operators
/**
 * Batch normalisation and its gradient, each in two passes over memory. Channels in multiples of four; totals in float64.
 */

// As many pixels are added up in float32 before their sum goes to float64.
const BLOCK: u32 = 64;

/** totals[at …] += the four lanes, as float64. */
// @ts-ignore: decorator
@inline
function flush(totals: usize, lanes: v128): void {
  v128.store(totals, v128.add<f64>(v128.load(totals), f64x2.promote_low_f32x4(lanes)));
  const high = v128.shuffle<u32>(lanes, lanes, 2, 3, 2, 3);
  v128.store(totals, v128.add<f64>(v128.load(totals, 16), f64x2.promote_low_f32x4(high)), 16);
}

/**
 * Normalises each channel of x [pixels, channels] with its own mean and biased variance: y = (x − mean) · inverse ·
 * scale + offset, where inverse = 1 / √(variance + epsilon). mean, variance, inverse [channels] are results; an address
 * of 0 stands for a scale of ones or an offset of zeros. `scratch`: 24 bytes a channel.
 */
export function batchNorm(
  x: usize,
  pixels: u32,
  channels: u32,
  scale: usize,
  offset: usize,
  epsilon: f64,
  mean: usize,
  variance: usize,
  inverse: usize,
  y: usize,
  scratch: usize,
): void {
  moments(x, pixels, channels, mean, variance, scratch);
  const slope: usize = scratch + (channels << 4);
  const shift: usize = slope + (channels << 2);
  for (let c: usize = 0; c < channels << 2; c += 4) {
    const factor = 1 / sqrt<f64>(<f64>load<f32>(variance + c) + epsilon);
    store<f32>(inverse + c, <f32>factor);
    store<f32>(slope + c, <f32>(scale ? factor * <f64>load<f32>(scale + c) : factor));
    store<f32>(shift + c, offset ? load<f32>(offset + c) : 0);
  }
  normalise(x, pixels, channels, mean, slope, shift, y);
}

/** Mean and biased variance of each channel. */
function moments(
  x: usize,
  pixels: u32,
  channels: u32,
  mean: usize,
  variance: usize,
  totals: usize,
): void {
  const step: usize = channels << 2;
  const first = min(pixels, BLOCK);
  for (let c: usize = 0; c < step; c += 16) {
    let sum = f32x4.splat(0);
    for (let p: u32 = 0; p < first; p++) sum = v128.add<f32>(sum, v128.load(x + p * step + c));
    v128.store(mean + c, v128.div<f32>(sum, f32x4.splat(<f32>first)));
  }
  // Around the mean of the first pixels, so that a large mean costs no digits.
  sums(x, mean, x, mean, pixels, channels, totals);
  for (let c: usize = 0; c < channels; c++) {
    const offset = load<f64>(totals + (c << 3)) / pixels;
    const square = load<f64>(totals + (channels << 3) + (c << 3)) / pixels;
    store<f32>(mean + (c << 2), <f32>(<f64>load<f32>(mean + (c << 2)) + offset));
    store<f32>(variance + (c << 2), <f32>max<f64>(square - offset * offset, 0));
  }
}

/** y = (x − mean) · slope + shift, the last three [channels]. */
export function normalise(
  x: usize,
  pixels: u32,
  channels: u32,
  mean: usize,
  slope: usize,
  shift: usize,
  y: usize,
): void {
  const step: usize = channels << 2;
  for (; pixels > 0; pixels--) {
    for (let c: usize = 0; c < step; c += 16) {
      const centred = v128.sub<f32>(v128.load(x + c), v128.load(mean + c));
      const scaled = v128.mul<f32>(centred, v128.load(slope + c));
      v128.store(y + c, v128.add<f32>(scaled, v128.load(shift + c)));
    }
    x += step;
    y += step;
  }
}

/**
 * The gradient of batchNorm by x, scale and offset: with n = (x − mean) · inverse,
 * dx = inverse · scale · (dy − mean of dy − n · mean of dy·n), dScale = Σ dy·n, dOffset = Σ dy. An address of 0 for
 * scale, dScale and dOffset: a layer that is not affine. `scratch`: 28 bytes a channel.
 */
export function batchNormGradient(
  dy: usize,
  x: usize,
  pixels: u32,
  channels: u32,
  scale: usize,
  mean: usize,
  inverse: usize,
  dx: usize,
  dScale: usize,
  dOffset: usize,
  scratch: usize,
): void {
  const step: usize = channels << 2;
  const slope: usize = scratch + (channels << 4);
  // The slopes' place serves as shifts of zero for dy.
  memory.fill(slope, 0, step);
  sums(dy, slope, x, mean, pixels, channels, scratch);
  const bend = slope + step;
  const shift = bend + step;
  for (let c: usize = 0; c < channels; c++) {
    const at = c << 2;
    const sum = load<f64>(scratch + (c << 3));
    const factor: f64 = load<f32>(inverse + at);
    const product = factor * load<f64>(scratch + (channels << 3) + (c << 3));
    const steepness = scale ? factor * <f64>load<f32>(scale + at) : factor;
    store<f32>(slope + at, <f32>steepness);
    store<f32>(bend + at, <f32>((-steepness * factor * product) / pixels));
    store<f32>(shift + at, <f32>((-steepness * sum) / pixels));
    if (dScale) store<f32>(dScale + at, <f32>product);
    if (dOffset) store<f32>(dOffset + at, <f32>sum);
  }
  for (; pixels > 0; pixels--) {
    for (let c: usize = 0; c < step; c += 16) {
      const centred = v128.sub<f32>(v128.load(x + c), v128.load(mean + c));
      const scaled = v128.mul<f32>(v128.load(dy + c), v128.load(slope + c));
      const direct = v128.add<f32>(scaled, v128.load(shift + c));
      v128.store(dx + c, v128.add<f32>(direct, v128.mul<f32>(centred, v128.load(bend + c))));
    }
    dy += step;
    x += step;
    dx += step;
  }
}

/**
 * Of each channel, as float64: Σ (a − aShift), then Σ (a − aShift) · (b − bShift); a and b [pixels, channels], the shifts
 * [channels].
 */
function sums(
  a: usize,
  aShift: usize,
  b: usize,
  bShift: usize,
  pixels: u32,
  channels: u32,
  totals: usize,
): void {
  const step: usize = channels << 2;
  const products: usize = totals + (channels << 3);
  memory.fill(totals, 0, channels << 4);
  for (let from: u32 = 0; from < pixels; from += BLOCK) {
    const count = min(pixels - from, BLOCK);
    for (let c: usize = 0; c < step; c += 16) {
      const shiftA = v128.load(aShift + c);
      const shiftB = v128.load(bShift + c);
      let sum0 = f32x4.splat(0);
      let sum1 = f32x4.splat(0);
      let product0 = f32x4.splat(0);
      let product1 = f32x4.splat(0);
      let at = from * step + c;
      for (let pairs = count >> 1; pairs > 0; pairs--) {
        const a0 = v128.sub<f32>(v128.load(a + at), shiftA);
        const a1 = v128.sub<f32>(v128.load(a + at + step), shiftA);
        sum0 = v128.add<f32>(sum0, a0);
        sum1 = v128.add<f32>(sum1, a1);
        product0 = v128.add<f32>(product0, v128.mul<f32>(a0, v128.sub<f32>(v128.load(b + at), shiftB)));
        product1 = v128.add<f32>(product1, v128.mul<f32>(a1, v128.sub<f32>(v128.load(b + at + step), shiftB)));
        at += step << 1;
      }
      if (count & 1) {
        const a0 = v128.sub<f32>(v128.load(a + at), shiftA);
        sum0 = v128.add<f32>(sum0, a0);
        product0 = v128.add<f32>(product0, v128.mul<f32>(a0, v128.sub<f32>(v128.load(b + at), shiftB)));
      }
      flush(totals + (c << 1), v128.add<f32>(sum0, sum1));
      flush(products + (c << 1), v128.add<f32>(product0, product1));
    }
  }
}
