/**
 * Convolution on TensorFlow and its gradients. On a GPU these are cuDNN's three operations. On a CPU the gradients of
 * TensorFlow are several times slower than the convolution itself, so they are put as what is fast there: matrix
 * products, and the convolution.
 */
import type { Shape4, Tensor } from './backend.ts';
import type { Attribute } from './binding.ts';
import type { Eager, Handle } from './eager.ts';

/** From so many input values on, three matrix products beat TensorFlow's own filter gradient (measured, 2 cores). */
const MANY_VALUES = 2 ** 18;

export class Convolution {
  readonly #tf: Eager;
  readonly #gpu: boolean;
  readonly #window = new Map<string, Attribute[]>();
  readonly #plain;

  constructor(tf: Eager, gpu: boolean) {
    this.#tf = tf;
    this.#gpu = gpu;
    this.#plain = {
      shape: tf.attributes({}, ['T', 'Tshape']),
      pad: tf.attributes({}, ['T', 'Tpaddings']),
      slice: tf.attributes({}, ['T', 'Index']),
      reverse: tf.attributes({}, ['T', 'Tidx']),
      transpose: tf.attributes({}, ['T', 'Tperm']),
      concatenate3: tf.attributes({ N: 3 }, ['T', 'Tidx']),
      stack3: tf.attributes({ N: 3, axis: 0 }),
      multiply: tf.attributes({ transpose_a: false, transpose_b: false }),
      multiplyTransposedA: tf.attributes({ transpose_a: true, transpose_b: false }),
      multiplyTransposedB: tf.attributes({ transpose_a: false, transpose_b: true }),
    };
  }

  forward(x: Tensor, w: Tensor, stride: 1 | 2): Tensor {
    const [size, , inputs, outputs] = four(w.shape);
    if (!this.#pointwise(size, stride)) return this.#tf.one('Conv2D', this.#attributes(size, stride), x, w);
    const [n, height, width] = four(x.shape);
    const rows = this.#matrix(x, inputs);
    const weights = this.#reshape(w, [inputs, outputs]);
    const product = this.#tf.one('MatMul', this.#plain.multiply, rows, weights);
    const result = this.#reshape(product, [n, height, width, outputs]);
    this.#tf.dispose([rows, weights, product]);
    return result;
  }

  inputGradient(xShape: Shape4, w: Tensor, dy: Tensor, stride: 1 | 2): Tensor {
    const [size, , inputs, outputs] = four(w.shape);
    if (this.#pointwise(size, stride)) {
      const rows = this.#matrix(dy, outputs);
      const weights = this.#reshape(w, [inputs, outputs]);
      const product = this.#tf.one('MatMul', this.#plain.multiplyTransposedB, rows, weights);
      const result = this.#reshape(product, xShape);
      this.#tf.dispose([rows, weights, product]);
      return result;
    }
    if (this.#gpu || stride > 1) {
      const shape = this.#tf.constant(xShape);
      return this.#tf.one('Conv2DBackpropInput', this.#attributes(size, stride), shape, w, dy);
    }
    // The gradient of a convolution is the convolution with its filter turned by 180° and its channels exchanged.
    const turned = this.#tf.one('ReverseV2', this.#plain.reverse, w, this.#tf.constant([0, 1]));
    const filter = this.#tf.one('Transpose', this.#plain.transpose, turned, this.#tf.constant([0, 1, 3, 2]));
    const result = this.#tf.one('Conv2D', this.#attributes(size, 1), dy, filter);
    this.#tf.dispose([turned, filter]);
    return result;
  }

  filterGradient(x: Tensor, wShape: Shape4, dy: Tensor, stride: 1 | 2): Tensor {
    const [size, , inputs, outputs] = wShape;
    if (this.#pointwise(size, stride)) {
      const from = this.#matrix(x, inputs);
      const to = this.#matrix(dy, outputs);
      const product = this.#tf.one('MatMul', this.#plain.multiplyTransposedA, from, to);
      const result = this.#reshape(product, wShape);
      this.#tf.dispose([from, to, product]);
      return result;
    }
    const [n, height, width] = four(x.shape);
    if (this.#gpu || size !== 3 || stride > 1 || n * height * width * inputs < MANY_VALUES) {
      const shape = this.#tf.constant(wShape);
      return this.#tf.one('Conv2DBackpropFilter', this.#attributes(size, stride), x, shape, dy);
    }
    return this.#filterGradientByProducts(x, wShape, dy);
  }

  /**
   * dw[ky, kx] = Σ x[row + ky, column + kx] · dy[row, column]. Both are padded with a border of zeros and seen as a
   * matrix of one row a pixel: then a shift by (ky, kx) is an offset of ky·(width+2) + kx rows, a view without a copy,
   * and pairs that cross a border meet a zero. The three kx are joined side by side, and each ky is one product.
   */
  #filterGradientByProducts(x: Tensor, wShape: Shape4, dy: Tensor): Tensor {
    const [, , inputs, outputs] = wShape;
    const [n, height, width] = four(x.shape);
    const line = width + 2;
    const rows = n * (height + 2) * line - 2 * (line + 1);
    const from = this.#bordered(x, inputs);
    const to = this.#bordered(dy, outputs);
    const shifted = [-1, 0, 1].map((kx) => this.#rows(from, line + 1 + kx, rows));
    const side = this.#tf.one('ConcatV2', this.#plain.concatenate3, ...shifted, this.#tf.constant([1], []));
    const parts = [-1, 0, 1].map((ky) => {
      const view = this.#rows(to, line + 1 - ky * line, rows);
      const product = this.#tf.one('MatMul', this.#plain.multiplyTransposedA, side, view);
      this.#tf.free(view);
      return product;
    });
    const stacked = this.#tf.one('Pack', this.#plain.stack3, ...parts);
    const result = this.#reshape(stacked, wShape);
    this.#tf.dispose([from, to, ...shifted, side, ...parts, stacked]);
    return result;
  }

  /** A border of one pixel of zeros, then one row a pixel. */
  #bordered(x: Tensor, channels: number): Handle {
    const border = this.#tf.constant([0, 0, 1, 1, 1, 1, 0, 0], [4, 2]);
    const padded = this.#tf.one('Pad', this.#plain.pad, x, border);
    const result = this.#matrix(padded, channels);
    this.#tf.free(padded);
    return result;
  }

  #rows(matrix: Handle, first: number, count: number): Handle {
    const from = this.#tf.constant([first, 0]);
    const size = this.#tf.constant([count, matrix.shape[1]!]);
    return this.#tf.one('Slice', this.#plain.slice, matrix, from, size);
  }

  #matrix(x: Tensor, channels: number): Handle {
    return this.#reshape(x, [-1, channels]);
  }

  #reshape(x: Tensor, shape: readonly number[]): Handle {
    return this.#tf.one('Reshape', this.#plain.shape, x, this.#tf.constant(shape));
  }

  /** A 1×1 convolution is a matrix product, and faster as one on a CPU. */
  #pointwise(size: number, stride: number): boolean {
    return size === 1 && stride === 1 && !this.#gpu;
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

function four(shape: readonly number[]): Shape4 {
  const [a, b, c, d] = shape;
  if (a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new Error(`a tensor of shape [${shape.join(', ')}] where four dimensions were expected`);
  }
  return [a, b, c, d];
}
