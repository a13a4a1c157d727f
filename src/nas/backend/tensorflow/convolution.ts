// Convolution on TensorFlow and its two gradients: oneDNN's on a CPU, cuDNN's on a GPU.

import type { Shape4, Tensor } from '../contract/backend.ts';
import type { Attribute } from './binding.ts';
import type { Eager } from './eager.ts';

export class Convolution {
  readonly #tf: Eager;
  readonly #window = new Map<string, Attribute[]>();

  constructor(tf: Eager) {
    this.#tf = tf;
  }

  forward(x: Tensor, w: Tensor, stride: 1 | 2): Tensor {
    return this.#tf.one('Conv2D', this.#attributes(w.shape[0]!, stride), x, w);
  }

  inputGradient(xShape: Shape4, w: Tensor, dy: Tensor, stride: 1 | 2): Tensor {
    const attributes = this.#attributes(w.shape[0]!, stride);
    return this.#tf.one('Conv2DBackpropInput', attributes, this.#tf.constant(xShape), w, dy);
  }

  filterGradient(x: Tensor, wShape: Shape4, dy: Tensor, stride: 1 | 2): Tensor {
    const attributes = this.#attributes(wShape[0], stride);
    return this.#tf.one('Conv2DBackpropFilter', attributes, x, this.#tf.constant(wShape), dy);
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
