// Gradients of the convolution on WebAssembly.

import * as tf from '@tensorflow/tfjs-core';
import type { Shape4 } from '../contract/backend.ts';
import type { WasmMemory } from './memory.ts';

/**
 * A convolution over dy with the filter turned by 180° and its channels exchanged. At stride 2 the input falls into cells
 * of 2×2 places; each place has a group of output channels, so that dy is not spread out with zeros between.
 */
export function inputGradient(
  memory: WasmMemory,
  xShape: Shape4,
  w: tf.Tensor4D,
  dy: tf.Tensor4D,
  stride: 1 | 2,
): tf.Tensor {
  const [k, , inputs, outputs] = w.shape;
  const [images, height, width] = xShape;
  const [, rows, columns] = dy.shape;
  const pad = (k - 1) / 2;
  const before = Math.floor(pad / stride);
  const after = Math.floor((stride - 1 + pad) / stride);
  const reach = before + after + 1;
  const filter = memory.output([reach, reach, outputs, stride * stride * inputs]) as tf.Tensor4D;
  memory.kernels.phaseFilter(memory.at(w), k, inputs, outputs, stride, reach, before, memory.at(filter));
  const sides: [number, number] = [before, after];
  const places = tf.conv2d(dy, filter, 1, [[0, 0], sides, sides, [0, 0]]);
  if (stride === 1) return places;
  const dx = memory.output(xShape);
  memory.kernels.interleave(memory.at(places), images, rows, columns, inputs, height, width, memory.at(dx));
  return dx;
}

export function filterGradient(
  memory: WasmMemory,
  x: tf.Tensor4D,
  wShape: Shape4,
  dy: tf.Tensor4D,
  stride: 1 | 2,
): tf.Tensor {
  const [k, , inputs, outputs] = wShape;
  const [images, height, width] = x.shape;
  const [, rows, columns] = dy.shape;
  const { kernels } = memory;
  const dw = memory.output(wShape);
  memory.scratch(kernels.scratchBytes(inputs, rows, columns, outputs, k, stride), (scratch) =>
    kernels.filterGradient(
      memory.at(x),
      memory.at(dy),
      images,
      height,
      width,
      inputs,
      rows,
      columns,
      outputs,
      k,
      stride,
      scratch,
      memory.at(dw),
    ),
  );
  return dw;
}
