import { expect, test } from 'vitest';
import {
  chooseBackend,
  describeBackend,
  findTensorflow,
} from '../../../../src/nas/backend/tensorflow/installed.ts';
import { open } from '../opened.ts';

const tensorflow = findTensorflow();

test('auto is tensorflow where it is installed, else wasm', () => {
  expect(chooseBackend('auto')).toBe(tensorflow === null ? 'wasm' : 'tensorflow');
});

test('the description without loading is the version of the backend that opens', async () => {
  expect(describeBackend('wasm')).toMatch(/^tfjs-backend-wasm \d+\.\d+\.\d+$/);
  expect((await open('wasm')).id).toEqual({
    name: 'wasm',
    version: describeBackend('wasm'),
    threads: 1,
    gpu: null,
  });
  if (tensorflow === null) return;
  expect(describeBackend('tensorflow')).toMatch(
    /^tensorflow \d+\.\d+\.\d+ \(tfjs-node(-gpu)? \d+\.\d+\.\d+\)$/,
  );
  expect((await open('tensorflow')).id).toMatchObject({ version: describeBackend('tensorflow'), threads: 1 });
});

test('a backend that is not there is refused with the command that brings it', (context) => {
  if (tensorflow !== null) return context.skip('tensorflow is installed here');
  expect(() => describeBackend('tensorflow')).toThrow('npm run setup:tensorflow');
});
