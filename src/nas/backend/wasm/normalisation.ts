// Batch normalisation and its gradient on WebAssembly, each in two passes over memory.

import * as tf from '@tensorflow/tfjs-core';
import type { BatchNormState, Tensor } from '../contract/backend.ts';
import type { WasmMemory } from './memory.ts';

/** Our kernels take four channels at a time. */
const lanes = 4;

export function batchNorm(
  memory: WasmMemory,
  x: Tensor,
  scale: Tensor | null,
  offset: Tensor | null,
  epsilon: number,
) {
  const channels = x.shape.at(-1)!;
  const kept: { y?: tf.Tensor; mean?: tf.Tensor; variance?: tf.Tensor; inverse?: tf.Tensor } = {};
  tf.tidy(() => {
    const input = widen(x as tf.Tensor);
    const wide = input.shape.at(-1)!;
    const [mean, variance, inverse] = [memory.output([wide]), memory.output([wide]), memory.output([wide])];
    const y = memory.output(input.shape);
    memory.scratch(24 * wide, (scratch) =>
      memory.kernels.batchNorm(
        memory.at(input),
        input.size / wide,
        wide,
        place(memory, scale),
        place(memory, offset),
        epsilon,
        memory.at(mean),
        memory.at(variance),
        memory.at(inverse),
        memory.at(y),
        scratch,
      ),
    );
    kept.y = narrow(y, channels);
    kept.mean = narrow(mean, channels);
    kept.variance = narrow(variance, channels);
    kept.inverse = narrow(inverse, channels);
    return Object.values(kept);
  });
  const { y, mean, variance, inverse } = kept;
  // Their own: what the caller was given may be disposed before the gradient is made.
  return { y: y!, mean: mean!, variance: variance!, state: { x, saved: [mean!.clone(), inverse!] } };
}

export function batchNormGrad(memory: WasmMemory, dy: Tensor, scale: Tensor | null, state: BatchNormState) {
  const channels = dy.shape.at(-1)!;
  const gradients = tf.tidy(() => {
    const [given, input] = [widen(dy as tf.Tensor), widen(state.x as tf.Tensor)];
    const wide = given.shape.at(-1)!;
    const [mean, inverse] = state.saved.map((tensor) => widen(tensor as tf.Tensor));
    const dx = memory.output(given.shape);
    const [dScale, dOffset] = [memory.output([wide]), memory.output([wide])];
    memory.scratch(28 * wide, (scratch) =>
      memory.kernels.batchNormGradient(
        memory.at(given),
        memory.at(input),
        given.size / wide,
        wide,
        place(memory, scale),
        memory.at(mean!),
        memory.at(inverse!),
        memory.at(dx),
        memory.at(dScale),
        memory.at(dOffset),
        scratch,
      ),
    );
    const affine = scale === null ? [] : [narrow(dScale, channels), narrow(dOffset, channels)];
    return [narrow(dx, channels), ...affine];
  });
  return { dx: gradients[0]!, dScale: gradients[1] ?? null, dOffset: gradients[2] ?? null };
}

/** Normalises with given statistics. */
export function batchNormFixed(
  memory: WasmMemory,
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  scale: Tensor | null,
  offset: Tensor | null,
  epsilon: number,
): tf.Tensor {
  return tf.tidy(() => {
    const input = widen(x as tf.Tensor);
    const wide = input.shape.at(-1)!;
    const factor = tf.rsqrt(tf.add(variance as tf.Tensor, epsilon));
    const slope = scale === null ? factor : tf.mul(factor, scale as tf.Tensor);
    const shift = offset ?? tf.zeros(mean.shape as [number]);
    const y = memory.output(input.shape);
    memory.kernels.normalise(
      memory.at(input),
      input.size / wide,
      wide,
      place(memory, mean),
      place(memory, slope),
      place(memory, shift),
      memory.at(y),
    );
    return narrow(y, x.shape.at(-1)!);
  });
}

/** Zeros behind the channels, up to a multiple of `lanes`. */
function widen(x: tf.Tensor): tf.Tensor {
  const missing = -x.shape.at(-1)! & (lanes - 1);
  if (missing === 0) return x;
  return tf.pad(
    x,
    x.shape.map((_, axis): [number, number] => [0, axis === x.rank - 1 ? missing : 0]),
  );
}

function narrow(x: tf.Tensor, channels: number): tf.Tensor {
  if (x.shape.at(-1) === channels) return x;
  const sizes = [...x.shape.slice(0, -1), channels];
  return tf.slice(
    x,
    sizes.map(() => 0),
    sizes,
  );
}

/** The address of a factor a channel, 0 for none. */
function place(memory: WasmMemory, factors: Tensor | null): number {
  return factors === null ? 0 : memory.at(widen(factors as tf.Tensor));
}
