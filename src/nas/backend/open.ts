// The one door to a backend: by name, or the fastest that is installed.

import type { Backend } from './contract/backend.ts';
import { chooseBackend } from './tensorflow/installed.ts';

/**
 * Opens `auto`, `tensorflow` or `wasm` with so many threads (wasm always uses one). Each module is loaded only when it is
 * chosen. TensorFlow reads its thread count once a process: a second call with another count is refused.
 */
export async function openBackend(wanted: string, options: { readonly threads: number }): Promise<Backend> {
  if (chooseBackend(wanted) === 'tensorflow') {
    const { openTensorflow } = await import('./tensorflow/tensorflow.ts');
    return openTensorflow(options.threads);
  }
  const { openWasm } = await import('./wasm/wasm.ts');
  return openWasm();
}
