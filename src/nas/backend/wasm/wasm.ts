/**
 * The backend that is always there: TensorFlow.js on WebAssembly, one thread. It has no gradients of its own for
 * convolution and batch normalisation; kernels of ours work in its memory beside it.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import type { Backend, BackendId, BatchNormState, Shape4, Tensor } from '../contract/backend.ts';
import { tensorsIn } from '../contract/container.ts';
import { BackendError } from '../contract/errors.ts';
import { wasmVersion } from '../tensorflow/installed.ts';
import { filterGradient, inputGradient } from './convolution.ts';
import { WasmMemory } from './memory.ts';
import { batchNorm, batchNormFixed, batchNormGrad } from './normalisation.ts';

export async function openWasm(): Promise<Backend> {
  if (!(await tf.setBackend('wasm'))) {
    throw new BackendError(
      'The WebAssembly backend did not start.',
      'Run npm ci; Node must be 20.19 or newer.',
    );
  }
  const id: BackendId = { name: 'wasm', version: wasmVersion(), threads: 1, gpu: null };
  return new Wasm(id, new WasmMemory(tf.backend()));
}

class Wasm implements Backend {
  readonly id: BackendId;
  readonly #memory: WasmMemory;
  readonly #constants = new Map<string, tf.Tensor>();

  constructor(id: BackendId, memory: WasmMemory) {
    this.id = id;
    this.#memory = memory;
  }

  tensor(values: Float32Array, shape: readonly number[]): Tensor {
    return tf.tensor(values, [...shape], 'float32');
  }

  read(tensor: Tensor): Float32Array {
    return Float32Array.from(own(tensor).dataSync());
  }

  scope<T>(body: () => T): T {
    let result: T | undefined;
    tf.tidy(() => {
      result = body();
      return [...tensorsIn(result)].map(own);
    });
    return result as T;
  }

  dispose(tensors: Iterable<Tensor>): void {
    for (const tensor of tensors) own(tensor).dispose();
  }

  memory(): { tensors: number; bytes: number } {
    const { numTensors, numBytes } = tf.memory();
    return { tensors: numTensors, bytes: numBytes };
  }

  conv2d(x: Tensor, w: Tensor, stride: 1 | 2): Tensor {
    return tf.conv2d(image(x), image(w), stride, (w.shape[0]! - 1) / 2, 'NHWC', 1, 'floor');
  }

  conv2dBias(x: Tensor, w: Tensor, b: Tensor, stride: 1 | 2, relu: boolean): Tensor {
    return tf.fused.conv2d({
      x: image(x),
      filter: image(w),
      strides: stride,
      pad: (w.shape[0]! - 1) / 2,
      dimRoundingMode: 'floor',
      bias: own(b),
      activation: relu ? 'relu' : 'linear',
    });
  }

  conv2dInputGrad(xShape: Shape4, w: Tensor, dy: Tensor, stride: 1 | 2): Tensor {
    return tf.tidy(() => inputGradient(this.#memory, xShape, image(w), image(dy), stride));
  }

  conv2dFilterGrad(x: Tensor, wShape: Shape4, dy: Tensor, stride: 1 | 2): Tensor {
    return tf.tidy(() => filterGradient(this.#memory, image(x), wShape, image(dy), stride));
  }

  batchNorm(x: Tensor, scale: Tensor | null, offset: Tensor | null, epsilon: number) {
    return batchNorm(this.#memory, x, scale, offset, epsilon);
  }

  batchNormGrad(dy: Tensor, scale: Tensor | null, state: BatchNormState, _epsilon: number) {
    return batchNormGrad(this.#memory, dy, scale, state);
  }

  batchNormFixed(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    scale: Tensor | null,
    offset: Tensor | null,
    epsilon: number,
  ): Tensor {
    return batchNormFixed(this.#memory, x, mean, variance, scale, offset, epsilon);
  }

  relu(x: Tensor): Tensor {
    return tf.relu(own(x));
  }

  reluGrad(dy: Tensor, y: Tensor): Tensor {
    const dx = this.#memory.output(dy.shape);
    const memory = this.#memory;
    memory.kernels.rectifierGradient(memory.at(own(dy)), memory.at(own(y)), 4 * dx.size, memory.at(dx));
    return dx;
  }

  avgPool3(x: Tensor, countPadding: boolean): Tensor {
    return tf.tidy(() => {
      const inside = tf.avgPool(image(x), 3, 1, 'same');
      return countPadding ? this.#timesWindow(inside, 1) : inside;
    });
  }

  avgPool3Grad(_xShape: Shape4, dy: Tensor, countPadding: boolean): Tensor {
    // With the padding counted the pooling is a symmetric matrix: it is its own gradient. Without, its rows are scaled.
    if (countPadding) return this.avgPool3(dy, true);
    return tf.tidy(() => this.#timesWindow(tf.avgPool(this.#timesWindow(image(dy), -1), 3, 1, 'same'), 1));
  }

  avgPool2(x: Tensor): Tensor {
    return tf.avgPool(image(x), 2, 2, 'valid');
  }

  avgPool2Grad(xShape: Shape4, dy: Tensor): Tensor {
    return tf.tidy(() =>
      tf.image.resizeNearestNeighbor(image(tf.mul(own(dy), 0.25)), [xShape[1], xShape[2]]),
    );
  }

  globalAvgPool(x: Tensor): Tensor {
    return tf.mean(own(x), [1, 2]);
  }

  globalAvgPoolGrad(xShape: Shape4, dy: Tensor): Tensor {
    const [n, height, width, channels] = xShape;
    return tf.tidy(() => {
      const share: tf.Tensor4D = tf.reshape(tf.mul(own(dy), 1 / (height * width)), [n, 1, 1, channels]);
      return tf.image.resizeNearestNeighbor(share, [height, width]);
    });
  }

  linear(x: Tensor, w: Tensor, b: Tensor): Tensor {
    return tf.tidy(() => tf.add(tf.matMul(own(x), own(w)), own(b)));
  }

  linearGrad(x: Tensor, w: Tensor, dy: Tensor) {
    return {
      dx: tf.matMul(own(dy), own(w), false, true),
      dw: tf.matMul(own(x), own(dy), true, false),
      db: tf.sum(own(dy), 0),
    };
  }

  softmaxCrossEntropy(logits: Tensor, targets: Tensor) {
    const [loss, dLogits] = tf.tidy(() => {
      const [values, wanted] = [own(logits), own(targets)];
      const count = logits.shape[0]!;
      const shifted = tf.sub(values, tf.max(values, 1, true));
      const logProbabilities = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
      const gradient = tf.mul(tf.sub(tf.exp(logProbabilities), wanted), 1 / count);
      return [tf.mul(tf.sum(tf.mul(wanted, logProbabilities)), -1 / count), gradient];
    }) as [tf.Tensor, tf.Tensor];
    return { loss, dLogits };
  }

  addN(tensors: readonly Tensor[]): Tensor {
    return tf.tidy(() => {
      const [first, ...others] = tensors.map(own);
      return others.reduce((sum, tensor) => tf.add(sum, tensor), first!.clone());
    });
  }

  scale(x: Tensor, factor: number): Tensor {
    return tf.tidy(() => tf.mul(own(x), factor));
  }

  zeros(shape: readonly number[]): Tensor {
    return tf.zeros([...shape]);
  }

  axpby(a: number, x: Tensor, b: number, y: Tensor): Tensor {
    return tf.tidy(() => tf.add(a === 1 ? own(x) : tf.mul(own(x), a), b === 1 ? own(y) : tf.mul(own(y), b)));
  }

  pack(tensors: readonly Tensor[]): Tensor {
    return tf.tidy(() => tf.concat(tensors.map((tensor) => tf.reshape(own(tensor), [-1]))));
  }

  unpack(vector: Tensor, shapes: readonly (readonly number[])[]): Tensor[] {
    let from = 0;
    // TensorFlow.js's slice would copy the whole vector for each part.
    return shapes.map((shape) => {
      const part = this.#memory.part(own(vector), from, shape);
      from += part.size;
      return part;
    });
  }

  norm(vector: Tensor): number {
    let sum = 0;
    for (const value of own(vector).dataSync()) sum += value * value;
    return Math.sqrt(sum);
  }

  argMax(logits: Tensor): Int32Array {
    return tf.tidy(() => Int32Array.from(tf.argMax(own(logits), 1).dataSync()));
  }

  /** x times (cells of the 3×3 window around a pixel that are inside the image) / 9, to the power of 1 or −1. */
  #timesWindow(x: tf.Tensor4D, power: 1 | -1): tf.Tensor4D {
    const [n, height, width, channels] = x.shape;
    // As wide as an image: factors of one value a pixel are multiplied several times slower.
    const factors = this.#constant(`window ${height} ${width} ${channels} ${power}`, () => {
      const inside = (at: number, length: number) => Math.min(at + 1, length - 1) - Math.max(at - 1, 0) + 1;
      const values = Array.from({ length: height * width * channels }, (_, i) => {
        const pixel = Math.floor(i / channels);
        const cells = inside(Math.floor(pixel / width), height) * inside(pixel % width, width);
        return (cells / 9) ** power;
      });
      return tf.tensor(values, [1, height * width * channels]);
    });
    return tf.reshape(tf.mul(tf.reshape(x, [n, height * width * channels]), factors), x.shape);
  }

  #constant(key: string, make: () => tf.Tensor): tf.Tensor {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const made = tf.keep(make());
    this.#constants.set(key, made);
    return made;
  }
}

/** Every tensor given to this backend was made by it. */
function own(tensor: Tensor): tf.Tensor {
  return tensor as tf.Tensor;
}

function image(tensor: Tensor): tf.Tensor4D {
  return tensor as tf.Tensor4D;
}
