// Gradients of the convolution on WebAssembly, put as convolutions and matrix products: it has no others that are fast.

import * as tf from '@tensorflow/tfjs';
import type { Shape4 } from './backend.ts';

/** dy spread out by the stride, with zeros between, convolved with the filter turned by 180° and its channels exchanged. */
export function inputGradient(xShape: Shape4, w: tf.Tensor4D, dy: tf.Tensor4D, stride: 1 | 2): tf.Tensor4D {
  const turned = tf.transpose(tf.reverse(w, [0, 1]), [0, 1, 3, 2]);
  const spread = stride === 1 ? dy : spreadByTwo(dy, xShape[1], xShape[2]);
  return tf.conv2d(spread, turned, 1, (w.shape[0] - 1) / 2);
}

/** [n, h, w, c] → [n, height, width, c] with dy at the even places and zeros elsewhere; height is 2h or 2h − 1. */
function spreadByTwo(dy: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [n, h, w, channels] = dy.shape;
  const after: [number, number][] = [
    [0, 0],
    [0, 1],
    [0, 0],
  ];
  const columns = tf.pad(dy.reshape([n * h * w, 1, channels]), after);
  const rows = tf.pad(columns.reshape([n * h, 1, 2 * w * channels]), after);
  const whole: tf.Tensor4D = rows.reshape([n, 2 * h, 2 * w, channels]);
  return height === 2 * h && width === 2 * w
    ? whole
    : tf.slice(whole, [0, 0, 0, 0], [n, height, width, channels]);
}

/**
 * Images and channels change places: the input's channels are convolved as a batch of images whose channels are the
 * images, with dy as a filter as large as dy, dilated by the stride. The result is as large as the filter.
 */
export function filterGradient(x: tf.Tensor4D, wShape: Shape4, dy: tf.Tensor4D, stride: 1 | 2): tf.Tensor4D {
  const [size, , inputs, outputs] = wShape;
  const [n, height, width] = x.shape;
  // [n, h, w, i] → [i, h, w, n] in two turns, each with a long run of memory: a third of the time of one.
  const pixels = tf.transpose(x.reshape([n, height * width * inputs])).reshape([height * width, inputs, n]);
  const asImages: tf.Tensor4D = tf.transpose(pixels, [1, 0, 2]).reshape([inputs, height, width, n]);
  const asFilter = tf.transpose(dy, [1, 2, 0, 3]);
  // Listed by side: given as one number, TensorFlow.js takes the filter to be as wide as it is high.
  const sides: [number, number] = [(size - 1) / 2, (size - 1) / 2];
  const result = tf.conv2d(asImages, asFilter, 1, [[0, 0], sides, sides, [0, 0]], 'NHWC', stride);
  // With a stride the last row and column of an even image meet no output, and the result is one too large.
  const cut = tf.slice(result, [0, 0, 0, 0], [inputs, size, size, outputs]);
  return tf.transpose(cut, [1, 2, 0, 3]);
}
