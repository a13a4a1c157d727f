import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { openBackend } from '../../../../src/nas/backend/open.ts';
import { WasmMemory } from '../../../../src/nas/backend/wasm/memory.ts';

test('what does not fit into 4 GB is an error with a next step, and what is there stays whole', async () => {
  await openBackend('wasm', { threads: 1 });
  const memory = new WasmMemory(tf.backend());
  const values = tf.tensor1d([1, 2, 3]);
  const large = [memory.output([2 ** 28]), memory.output([2 ** 28]), memory.output([2 ** 28])];
  const message = 'WebAssembly has no 1024 MiB left of its 4 GB. Use a smaller batchSize';
  expect(() => memory.output([2 ** 28])).toThrow(message);
  expect(() => memory.scratch(2 ** 30, () => 0)).toThrow(message);
  tf.dispose(large);
  expect([...values.dataSync()]).toEqual([1, 2, 3]);
  expect([...memory.part(values, 1, [2]).dataSync()]).toEqual([2, 3]);
});
