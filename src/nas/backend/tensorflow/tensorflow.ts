/**
 * The backend on TensorFlow's library: each kernel is one or a few of its eager operations (3 µs of overhead each),
 * batch normalisation one fused operation. The kernels of the convolution are in convolution.ts.
 * Long because it has a method per kernel of the contract.
 */
import type { Backend, BackendId, BatchNormState, Shape4, Tensor } from '../contract/backend.ts';
import { loadBinding } from './binding.ts';
import { Convolution } from './convolution.ts';
import { Eager, type Handle } from './eager.ts';

export function openTensorflow(threads: number): Backend {
  const { binding, version } = loadBinding(threads);
  const onGpu = binding.isUsingGpuDevice();
  return new Tensorflow(
    { name: 'tensorflow', version, threads, gpu: onGpu ? 'GPU:0' : null },
    new Eager(binding),
  );
}

class Tensorflow implements Backend {
  readonly id: BackendId;
  readonly #tf: Eager;
  readonly #convolution: Convolution;
  /** Attribute lists that depend on nothing. */
  readonly #plain;
  readonly #attributes = new Map<string, ReturnType<Eager['attributes']>>();
  readonly #vectors = new Map<string, Handle>();

  constructor(id: BackendId, tf: Eager) {
    this.id = id;
    this.#tf = tf;
    this.#convolution = new Convolution(tf);
    this.#plain = {
      float: tf.attributes({}),
      multiply: tf.attributes({ transpose_a: false, transpose_b: false }),
      multiplyTransposedA: tf.attributes({ transpose_a: true, transpose_b: false }),
      multiplyTransposedB: tf.attributes({ transpose_a: false, transpose_b: true }),
      bias: tf.attributes({ data_format: 'NHWC' }),
      shape: tf.attributes({}, ['T', 'Tshape']),
      index: tf.attributes({}, ['T', 'Tidx']),
      fill: tf.attributes({}, ['T', 'index_type']),
      pad: tf.attributes({}, ['T', 'Tpaddings']),
      mean: tf.attributes({ keep_dims: false }, ['T', 'Tidx']),
      argMax: tf.attributes({}, ['T', 'Tidx', 'output_type']),
      pool3: pooling(tf, 3, 1, 'SAME'),
      pool3Inside: pooling(tf, 3, 1, 'VALID'),
      pool2: pooling(tf, 2, 2, 'VALID'),
    };
  }

  tensor(values: Float32Array, shape: readonly number[]): Tensor {
    return this.#tf.tensor(values, shape);
  }

  read(tensor: Tensor): Float32Array {
    return this.#tf.read(tensor);
  }

  scope<T>(body: () => T): T {
    return this.#tf.scope(body);
  }

  dispose(tensors: Iterable<Tensor>): void {
    this.#tf.dispose(tensors);
  }

  memory(): { tensors: number; bytes: number } {
    return this.#tf.memory();
  }

  conv2d(x: Tensor, w: Tensor, stride: 1 | 2): Tensor {
    return this.#convolution.forward(x, w, stride);
  }

  conv2dBias(x: Tensor, w: Tensor, b: Tensor, stride: 1 | 2, relu: boolean): Tensor {
    const sum = this.#convolution.forward(x, w, stride);
    const biased = this.#tf.one('BiasAdd', this.#plain.bias, sum, b);
    this.#tf.free(sum);
    if (!relu) return biased;
    const result = this.relu(biased);
    this.#tf.free(biased);
    return result;
  }

  conv2dInputGrad(xShape: Shape4, w: Tensor, dy: Tensor, stride: 1 | 2): Tensor {
    return this.#convolution.inputGradient(xShape, w, dy, stride);
  }

  conv2dFilterGrad(x: Tensor, wShape: Shape4, dy: Tensor, stride: 1 | 2): Tensor {
    return this.#convolution.filterGradient(x, wShape, dy, stride);
  }

  batchNorm(x: Tensor, scale: Tensor | null, offset: Tensor | null, epsilon: number) {
    const tf = this.#tf;
    const channels = x.shape[3]!;
    const none = this.#vector(0, 0);
    const attributes = this.#normAttributes(epsilon, true);
    const inputs = [x, scale ?? this.#vector(channels, 1), offset ?? this.#vector(channels, 0), none, none];
    const [y, mean, unbiased, ...saved] = tf.many('FusedBatchNormV3', attributes, inputs, 6);
    // On a CPU the operation keeps the biased variance for its gradient; on a GPU it keeps something else there.
    const count = x.shape[0]! * x.shape[1]! * x.shape[2]!;
    const variance =
      this.id.gpu === null
        ? tf.one('Identity', this.#plain.float, saved[1]!)
        : this.scale(unbiased!, (count - 1) / count);
    tf.free(unbiased!);
    return { y: y!, mean: mean!, variance, state: { x, saved } };
  }

  batchNormGrad(dy: Tensor, scale: Tensor | null, state: BatchNormState, epsilon: number) {
    const tf = this.#tf;
    const factor = scale ?? this.#vector(dy.shape[3]!, 1);
    const attributes = this.#normAttributes(epsilon, true, 'gradient');
    const inputs = [dy, state.x, factor, ...state.saved];
    const [dx, dScale, dOffset, ...rest] = tf.many('FusedBatchNormGradV3', attributes, inputs, 5);
    tf.dispose(rest);
    if (scale !== null) return { dx: dx!, dScale: dScale!, dOffset: dOffset! };
    tf.dispose([dScale!, dOffset!]);
    return { dx: dx!, dScale: null, dOffset: null };
  }

  batchNormFixed(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    scale: Tensor | null,
    offset: Tensor | null,
    epsilon: number,
  ): Tensor {
    const channels = x.shape[3]!;
    const inputs = [
      x,
      scale ?? this.#vector(channels, 1),
      offset ?? this.#vector(channels, 0),
      mean,
      variance,
    ];
    const [y, ...rest] = this.#tf.many('FusedBatchNormV3', this.#normAttributes(epsilon, false), inputs, 6);
    this.#tf.dispose(rest);
    return y!;
  }

  relu(x: Tensor): Tensor {
    return this.#tf.one('Relu', this.#plain.float, x);
  }

  reluGrad(dy: Tensor, y: Tensor): Tensor {
    return this.#tf.one('ReluGrad', this.#plain.float, dy, y);
  }

  avgPool3(x: Tensor, countPadding: boolean): Tensor {
    if (!countPadding) return this.#tf.one('AvgPool', this.#plain.pool3, x);
    const padded = this.#tf.one(
      'Pad',
      this.#plain.pad,
      x,
      this.#tf.constant([0, 0, 1, 1, 1, 1, 0, 0], [4, 2]),
    );
    const result = this.#tf.one('AvgPool', this.#plain.pool3Inside, padded);
    this.#tf.free(padded);
    return result;
  }

  avgPool3Grad(xShape: Shape4, dy: Tensor, countPadding: boolean): Tensor {
    // With the padding counted the pooling is a symmetric matrix: it is its own gradient.
    if (countPadding) return this.avgPool3(dy, true);
    return this.#tf.one('AvgPoolGrad', this.#plain.pool3, this.#tf.constant(xShape), dy);
  }

  avgPool2(x: Tensor): Tensor {
    return this.#tf.one('AvgPool', this.#plain.pool2, x);
  }

  avgPool2Grad(xShape: Shape4, dy: Tensor): Tensor {
    return this.#tf.one('AvgPoolGrad', this.#plain.pool2, this.#tf.constant(xShape), dy);
  }

  globalAvgPool(x: Tensor): Tensor {
    return this.#tf.one('Mean', this.#plain.mean, x, this.#tf.constant([1, 2]));
  }

  globalAvgPoolGrad(xShape: Shape4, dy: Tensor): Tensor {
    const [n, height, width, channels] = xShape;
    const share = this.scale(dy, 1 / (height * width));
    const cell = this.#reshape(share, [n, 1, 1, channels]);
    const result = this.#tf.one('BroadcastTo', this.#plain.index, cell, this.#tf.constant(xShape));
    this.#tf.dispose([share, cell]);
    return result;
  }

  linear(x: Tensor, w: Tensor, b: Tensor): Tensor {
    const product = this.#tf.one('MatMul', this.#plain.multiply, x, w);
    const result = this.#tf.one('BiasAdd', this.#plain.bias, product, b);
    this.#tf.free(product);
    return result;
  }

  linearGrad(x: Tensor, w: Tensor, dy: Tensor) {
    return {
      dx: this.#tf.one('MatMul', this.#plain.multiplyTransposedB, dy, w),
      dw: this.#tf.one('MatMul', this.#plain.multiplyTransposedA, x, dy),
      db: this.#tf.one('BiasAddGrad', this.#plain.bias, dy),
    };
  }

  softmaxCrossEntropy(logits: Tensor, targets: Tensor) {
    const tf = this.#tf;
    const [each, gradient] = tf.many(
      'SoftmaxCrossEntropyWithLogits',
      this.#plain.float,
      [logits, targets],
      2,
    );
    const loss = tf.one('Mean', this.#plain.mean, each!, tf.constant([0]));
    const dLogits = this.scale(gradient!, 1 / logits.shape[0]!);
    tf.dispose([each!, gradient!]);
    return { loss, dLogits };
  }

  addN(tensors: readonly Tensor[]): Tensor {
    const attributes = this.#cached(`N${tensors.length}`, () => this.#tf.attributes({ N: tensors.length }));
    return this.#tf.one('AddN', attributes, ...tensors);
  }

  scale(x: Tensor, factor: number): Tensor {
    const scalar = this.#tf.tensor(Float32Array.of(factor), []);
    const result = this.#tf.one('Mul', this.#plain.float, x, scalar);
    this.#tf.free(scalar);
    return result;
  }

  zeros(shape: readonly number[]): Tensor {
    return this.#tf.one('Fill', this.#plain.fill, this.#tf.constant(shape), this.#vector(null, 0));
  }

  axpby(a: number, x: Tensor, b: number, y: Tensor): Tensor {
    const ax = a === 1 ? x : this.scale(x, a);
    const by = b === 1 ? y : this.scale(y, b);
    const result = this.#tf.one('AddV2', this.#plain.float, ax, by);
    if (ax !== x) this.#tf.free(ax);
    if (by !== y) this.#tf.free(by);
    return result;
  }

  pack(tensors: readonly Tensor[]): Tensor {
    const flat = tensors.map((tensor) => this.#reshape(tensor, [-1]));
    const attributes = this.#cached(`C${flat.length}`, () =>
      this.#tf.attributes({ N: flat.length }, ['T', 'Tidx']),
    );
    const result = this.#tf.one('ConcatV2', attributes, ...flat, this.#tf.constant([0], []));
    this.#tf.dispose(flat);
    return result;
  }

  unpack(vector: Tensor, shapes: readonly (readonly number[])[]): Tensor[] {
    const attributes = this.#cached(`S${shapes.length}`, () =>
      this.#tf.attributes({ num_split: shapes.length }, ['T', 'Tlen']),
    );
    const inputs = [vector, this.#tf.constant(shapes.map(product)), this.#tf.constant([0], [])];
    const flat = this.#tf.many('SplitV', attributes, inputs, shapes.length);
    const result = flat.map((part, i) => this.#reshape(part, shapes[i]!));
    this.#tf.dispose(flat);
    return result;
  }

  norm(vector: Tensor): number {
    const half = this.#tf.one('L2Loss', this.#plain.float, vector);
    const [value] = this.#tf.read(half);
    this.#tf.free(half);
    return Math.sqrt(2 * value!);
  }

  argMax(logits: Tensor): Int32Array {
    const indices = this.#tf.one('ArgMax', this.#plain.argMax, logits, this.#tf.constant([1], []));
    const result = this.#tf.readIndices(indices);
    this.#tf.free(indices);
    return result;
  }

  #reshape(x: Tensor, shape: readonly number[]): Handle {
    return this.#tf.one('Reshape', this.#plain.shape, x, this.#tf.constant(shape));
  }

  #normAttributes(epsilon: number, training: boolean, kind: 'forward' | 'gradient' = 'forward') {
    return this.#cached(`${kind} ${epsilon} ${training}`, () =>
      this.#tf.attributes(
        {
          epsilon,
          data_format: 'NHWC',
          is_training: training,
          ...(kind === 'forward' ? { exponential_avg_factor: 1 } : {}),
        },
        ['T', 'U'],
      ),
    );
  }

  #cached(key: string, make: () => ReturnType<Eager['attributes']>): ReturnType<Eager['attributes']> {
    const known = this.#attributes.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#attributes.set(key, made);
    return made;
  }

  /** A float32 vector of one value, or a scalar (null), kept for good. */
  #vector(length: number | null, value: number): Handle {
    const key = `${length} ${value}`;
    const known = this.#vectors.get(key);
    if (known !== undefined) return known;
    const shape = length === null ? [] : [length];
    const made = this.#tf.keep(new Float32Array(length ?? 1).fill(value), shape);
    this.#vectors.set(key, made);
    return made;
  }
}

function pooling(tf: Eager, size: number, stride: number, padding: string) {
  return tf.attributes({
    ksize: [1, size, size, 1],
    strides: [1, stride, stride, 1],
    padding,
    data_format: 'NHWC',
  });
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}
