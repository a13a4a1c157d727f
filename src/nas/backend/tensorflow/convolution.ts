// Convolution on TensorFlow and its two gradients: oneDNN's on a CPU, cuDNN's on a GPU.

import type { Shape4, Tensor } from '../contract/backend.ts';
import type { Attribute } from './binding.ts';
import type { Eager } from './eager.ts';

export class Convolution {
  readonly #tf: Eager;
  readonly #window = new Map<string, Attribute[]>();
  readonly #slice: Attribute[];
  readonly #pad: Attribute[];

  constructor(tf: Eager) {
    this.#tf = tf;
    const masks = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 0 };
    this.#slice = tf.attributes(masks, ['T', 'Index']);
    this.#pad = tf.attributes({}, ['T', 'Tpaddings']);
  }

  forward(x: Tensor, w: Tensor, stride: 1 | 2): Tensor {
    return this.#tf.one('Conv2D', this.#attributes(w.shape[0]!, stride), x, w);
  }

  inputGradient(xShape: Shape4, w: Tensor, dy: Tensor, stride: 1 | 2): Tensor {
    if (w.shape[0] !== 1 && w.shape[2] === 1 && w.shape[3] === 1) {
      // From one channel to one, oneDNN leaves values out on some CPUs (docs/explanation/backends.md). A second output
      // channel of zeros adds nothing to the sum, and takes its other path.
      const [filters, gradients] = [this.#withSecondChannel(w), this.#withSecondChannel(dy)];
      const gradient = this.inputGradient(xShape, filters, gradients, stride);
      this.#tf.free(filters);
      this.#tf.free(gradients);
      return gradient;
    }
    const attributes = this.#attributes(w.shape[0]!, stride);
    return this.#tf.one('Conv2DBackpropInput', attributes, this.#tf.constant(xShape), w, dy);
  }

  filterGradient(x: Tensor, wShape: Shape4, dy: Tensor, stride: 1 | 2): Tensor {
    if (wShape[0] === 1 && stride === 2) {
      // Given the stride, oneDNN writes past its memory on CPUs without AVX-512 (docs/explanation/backends.md). A 1×1
      // filter at stride 2 sees every other pixel, so these are taken out first.
      const seen = this.#everyOtherPixel(x);
      const gradient = this.filterGradient(seen, wShape, dy, 1);
      this.#tf.free(seen);
      return gradient;
    }
    const attributes = this.#attributes(wShape[0], stride);
    return this.#tf.one('Conv2DBackpropFilter', attributes, x, this.#tf.constant(wShape), dy);
  }

  /** The last axis, of length 1, followed by zeros. */
  #withSecondChannel(one: Tensor): Tensor {
    return this.#tf.one('Pad', this.#pad, one, this.#tf.constant([0, 0, 0, 0, 0, 0, 0, 1], [4, 2]));
  }

  #everyOtherPixel(x: Tensor): Tensor {
    const tf = this.#tf;
    return tf.one(
      'StridedSlice',
      this.#slice,
      x,
      tf.constant([0, 0, 0, 0]),
      tf.constant(x.shape),
      tf.constant([1, 2, 2, 1]),
    );
  }

  #attributes(size: number, stride: number): Attribute[] {
    const key = `${size} ${stride}`;
    const known = this.#window.get(key);
    if (known !== undefined) return known;
    const border = (size - 1) / 2;
    const made = this.#tf.attributes({
      strides: [1, stride, stride, 1],
      dilations: [1, 1, 1, 1],
      data_format: 'NHWC',
      use_cudnn_on_gpu: true,
      // With a stride, TensorFlow's own padding is lopsided.
      padding: border === 0 ? 'VALID' : stride === 1 ? 'SAME' : 'EXPLICIT',
      explicit_paddings: border === 0 || stride === 1 ? [] : [0, 0, border, border, border, border, 0, 0],
    });
    this.#window.set(key, made);
    return made;
  }
}
