// The native binding of TensorFlow.js for Node, called directly: its JavaScript costs several times what the call costs.

import { createRequire } from 'node:module';
import { BackendError } from '../contract/errors.ts';
import { findTensorflow } from './installed.ts';

/** One attribute of a TensorFlow operation; `type` is one of the binding's TF_ATTR_ constants. */
export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

/** What an operation gives back: a tensor that lives until deleteTensor. */
export interface Output {
  readonly id: number;
  readonly shape: readonly number[];
}

export interface Binding {
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
  /** Shares the memory of `values` with TensorFlow: hand over a copy that nobody else writes. */
  createTensor(shape: readonly number[], type: number, values: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | BigInt64Array;
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): Output[];
  isUsingGpuDevice(): boolean;
}

let loaded: { readonly binding: Binding; readonly version: string; readonly threads: number } | null = null;

/**
 * Loads the binding once a process. TensorFlow takes its thread counts from the environment when it starts, and one
 * thread between operations: they are called one after another anyway, and a fixed count keeps sums in a fixed order.
 */
export function loadBinding(threads: number): { readonly binding: Binding; readonly version: string } {
  if (loaded !== null) {
    if (loaded.threads === threads) return loaded;
    throw new BackendError(
      `TensorFlow already runs with ${loaded.threads} threads in this process; ${threads} are asked for.`,
      'Open every backend of a process with the same number of threads.',
    );
  }
  const installed = findTensorflow();
  if (installed === null) {
    throw new BackendError('The tensorflow backend is not installed.', 'Run `npm run setup:tensorflow`.');
  }
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  process.env.TF_NUM_INTEROP_THREADS = '1';
  process.env.OMP_NUM_THREADS = String(threads);
  process.env.TF_DETERMINISTIC_OPS = '1';
  // TensorFlow's own choice leaves oneDNN out on many CPUs, and gradients of convolutions then take three times as long.
  // Whoever sets it keeps their setting: oneDNN is the part that has had faults.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  try {
    /* @pipe-ignore: keyed by the probe of the backend's version under `tools` */
    const binding: Binding = createRequire(import.meta.url)(installed.binding);
    loaded = { binding, version: installed.version, threads };
    return loaded;
  } catch (error) {
    throw new BackendError(
      `TensorFlow's binding ${installed.binding} cannot be loaded (${error instanceof Error ? error.message : error}).`,
      'Run `npm run setup:tensorflow -- --fresh`.',
      error,
    );
  }
}
