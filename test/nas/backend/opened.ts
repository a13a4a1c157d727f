// The backends that this machine has, for tests: WebAssembly always, TensorFlow where `npm run setup:tensorflow` was run.

import type { Backend, BackendName } from '../../../src/nas/backend/contract/backend.ts';
import { openBackend } from '../../../src/nas/backend/open.ts';
import { findTensorflow } from '../../../src/nas/backend/tensorflow/installed.ts';

export const hasTensorflow = findTensorflow() !== null;

export const backends: readonly { name: BackendName; here: boolean; label: string }[] = [
  { name: 'wasm', here: true, label: 'wasm' },
  {
    name: 'tensorflow',
    here: hasTensorflow,
    label: hasTensorflow ? 'tensorflow' : 'tensorflow (skipped: npm run setup:tensorflow was not run)',
  },
];

export function open(name: BackendName): Promise<Backend> {
  return openBackend(name, { threads: 1 });
}
