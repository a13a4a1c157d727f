import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { BackendError } from '../../../src/nas/backend/contract/errors.ts';
import { openBackend } from '../../../src/nas/backend/open.ts';
import { probe } from '../../../src/nas/backend/probe.ts';
import { backends, hasTensorflow, open } from './opened.ts';

function digest(name: string, threads: number): string {
  const args = ['scripts/run-ts.mjs', 'test/nas/backend/probe-digest.ts', name, String(threads)];
  return execFileSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

for (const { name, here, label } of backends) {
  describe.skipIf(!here)(label, () => {
    test('memory is flat over 1,000 steps of training', async () => {
      const on = await open(name);
      const before = on.memory();
      const seen: { tensors: number; bytes: number }[] = [];
      const { losses } = probe(on, 1000, (step) => {
        if (step === 9 || step === 999) seen.push(on.memory());
      });
      expect(seen[1]).toEqual(seen[0]);
      expect(losses[999]!).toBeLessThan(0.5 * losses[0]!);
      // What remains are the constants of the backend's first steps.
      expect(on.memory().tensors - before.tensors).toBeLessThan(20);
    }, 120_000);

    test('the same steps in two processes give the same bits', () => {
      const first = digest(name, 2);
      expect(first).toMatch(/^[0-9a-f]{64}$/);
      expect(digest(name, 2)).toBe(first);
    }, 120_000);
  });
}

// Rounding grows from step to step: after some twenty the two part.
test('both backends train alike for fifteen steps', async (context) => {
  if (!hasTensorflow) return context.skip('npm run setup:tensorflow was not run');
  const [one, other] = [probe(await open('wasm'), 15), probe(await open('tensorflow'), 15)];
  one.losses.forEach((loss, i) => {
    expect(other.losses[i]!).toBeCloseTo(loss, 4);
  });
});

test('an unknown backend is refused with what there is', async () => {
  await expect(openBackend('cuda', { threads: 1 })).rejects.toThrow(
    new BackendError("There is no backend 'cuda'.", 'Use auto, tensorflow or wasm.'),
  );
});

test('a second number of threads in one process is refused', async (context) => {
  if (!hasTensorflow) return context.skip('npm run setup:tensorflow was not run');
  await open('tensorflow');
  await expect(openBackend('tensorflow', { threads: 2 })).rejects.toThrow(
    'TensorFlow already runs with 1 threads',
  );
});
