/** Kernels of our own (scripts/kernels/network.ts), compiled, at work in the memory of TensorFlow.js. */
import * as tf from '@tensorflow/tfjs-core';
import { type KernelMemory, loadKernel } from '../../../lib/webassembly.ts';
import { BackendError } from '../contract/errors.ts';
import { kernel } from './kernel.ts';

/** What scripts/kernels/network.ts exports, described there: addresses (0 where one may be missing) and sizes. */
interface Kernels {
  batchNorm(
    x: number,
    pixels: number,
    channels: number,
    scale: number,
    offset: number,
    epsilon: number,
    mean: number,
    variance: number,
    inverse: number,
    y: number,
    scratch: number,
  ): void;
  batchNormGradient(
    dy: number,
    x: number,
    pixels: number,
    channels: number,
    scale: number,
    mean: number,
    inverse: number,
    dx: number,
    dScale: number,
    dOffset: number,
    scratch: number,
  ): void;
  normalise(
    x: number,
    pixels: number,
    channels: number,
    mean: number,
    slope: number,
    shift: number,
    y: number,
  ): void;
  rectifierGradient(dy: number, y: number, bytes: number, dx: number): void;
  filterGradient(
    x: number,
    dy: number,
    images: number,
    height: number,
    width: number,
    inputs: number,
    rows: number,
    columns: number,
    outputs: number,
    k: number,
    stride: number,
    scratch: number,
    dw: number,
  ): void;
  scratchBytes(
    inputs: number,
    rows: number,
    columns: number,
    outputs: number,
    k: number,
    stride: number,
  ): number;
  phaseFilter(
    w: number,
    k: number,
    inputs: number,
    outputs: number,
    stride: number,
    reach: number,
    before: number,
    result: number,
  ): void;
  interleave(
    x: number,
    images: number,
    rows: number,
    columns: number,
    channels: number,
    height: number,
    width: number,
    y: number,
  ): void;
}

/** The part of TensorFlow.js's backend that is used; its types do not name it. */
interface TensorflowWasm {
  readonly wasm: {
    readonly asm: { readonly memory: KernelMemory };
    /** Another one after the memory has grown. */
    readonly HEAPU8: Uint8Array;
    readonly _malloc: (bytes: number) => number;
    readonly _free: (address: number) => void;
  };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
}

export class WasmMemory {
  readonly kernels: Kernels;
  readonly #backend: TensorflowWasm;

  /** `backend`: what tf.backend() is once wasm is chosen. */
  constructor(backend: object) {
    this.#backend = backend as TensorflowWasm;
    this.kernels = loadKernel(kernel, this.#backend.wasm.asm.memory);
  }

  /** Where the values of a tensor begin. */
  at(tensor: tf.Tensor): number {
    return this.#backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** A tensor of unset values, for a kernel to fill. A BackendError where memory is out. */
  output(shape: readonly number[]): tf.Tensor {
    const made = tf.engine().makeTensorFromTensorInfo(this.#backend.makeOutput(shape, 'float32'));
    this.#check(this.at(made), 4 * made.size);
    return made;
  }

  /** So many of the vector's values as the shape holds, from the given one on, as a tensor of their own. */
  part(vector: tf.Tensor, from: number, shape: readonly number[]): tf.Tensor {
    const made = this.output(shape);
    const start = this.at(vector) + 4 * from;
    this.#backend.wasm.HEAPU8.copyWithin(this.at(made), start, start + 4 * made.size);
    return made;
  }

  /** Gives `body` the address of so many bytes, which are gone afterwards. */
  scratch<T>(bytes: number, body: (address: number) => T): T {
    const { _malloc: allocate, _free: free } = this.#backend.wasm;
    const address = allocate(bytes) >>> 0;
    this.#check(address, bytes);
    try {
      return body(address);
    } finally {
      free(address);
    }
  }

  /** Out of memory, the allocator of TensorFlow.js answers 0, and at times a place behind the end. */
  #check(address: number, bytes: number): void {
    if (address !== 0 && address + bytes <= this.#backend.wasm.asm.memory.buffer.byteLength) return;
    throw new BackendError(
      `WebAssembly has no ${Math.ceil(bytes / 2 ** 20)} MiB left of its 4 GB.`,
      'Use a smaller batchSize, or the backend tensorflow.',
    );
  }
}
