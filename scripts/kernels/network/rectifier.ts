// biome-ignore-all lint: AssemblyScript: other types, other operators
/** The gradient of ReLU. */

/** dy where y > 0, else 0; `bytes` of each. */
export function rectifierGradient(dy: usize, y: usize, bytes: usize, dx: usize): void {
  const zero = f32x4.splat(0);
  const whole = bytes & ~15;
  let at: usize = 0;
  for (; at < whole; at += 16) {
    v128.store(dx + at, v128.and(v128.load(dy + at), v128.gt<f32>(v128.load(y + at), zero)));
  }
  for (; at < bytes; at += 4) store<f32>(dx + at, load<f32>(y + at) > 0 ? load<f32>(dy + at) : 0);
}
