// TensorFlow's kernels may write past their memory, which ends the process much later; so a process of its own looks.

import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { hasTensorflow } from '../opened.ts';

/** glibc checks the heap at every free and fills what is freed; since 2.34 it does so with this library only. */
const checked = { MALLOC_CHECK_: '3', MALLOC_PERTURB_: '165', LD_PRELOAD: 'libc_malloc_debug.so.0' };

function sweep(environment: Record<string, string>) {
  const program = ['scripts/run-ts.mjs', 'test/nas/backend/tensorflow/sweep-convolutions.ts'];
  const { stdout, status, signal } = spawnSync(process.execPath, program, {
    encoding: 'utf8',
    env: { ...process.env, ...checked, ...environment },
  });
  const lines = stdout.trimEnd().split('\n');
  return { end: lines.at(-1), wrong: lines.filter((line) => line.startsWith('WRONG')), status, signal };
}

const whole = { end: 'the heap is whole', wrong: [], status: 0, signal: null };

describe.skipIf(!hasTensorflow)(
  'convolutions on TensorFlow (skipped unless npm run setup:tensorflow was run)',
  () => {
    for (const instructions of ['AVX2', 'ALL'])
      test(`leave the heap whole and are right, with oneDNN limited to ${instructions}`, () => {
        expect(sweep({ ONEDNN_MAX_CPU_ISA: instructions })).toEqual(whole);
      }, 240_000);

    test('TF_ENABLE_ONEDNN_OPTS=0 turns oneDNN off', () => {
      const program = ['scripts/run-ts.mjs', 'test/nas/backend/probe-digest.ts', 'tensorflow'];
      const said = (environment: Record<string, string>) =>
        spawnSync(process.execPath, program, {
          encoding: 'utf8',
          env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '0', ...environment },
        }).stderr.includes('oneDNN custom operations are on');
      expect([said({ TF_ENABLE_ONEDNN_OPTS: '1' }), said({ TF_ENABLE_ONEDNN_OPTS: '0' })]).toEqual([
        true,
        false,
      ]);
    });
  },
);
