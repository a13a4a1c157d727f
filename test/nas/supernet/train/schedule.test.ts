/** The learning rate at the ends of the schedule (PyTorch’s own values: test/parity). */
import { expect, test } from 'vitest';
import { variantSchema } from '../../../../src/nas/supernet/network/options.ts';
import { learningRate } from '../../../../src/nas/supernet/train/schedule.ts';

test('the cosine starts at lr, falls every epoch, and ends one step above finalLr', () => {
  const options = variantSchema.parse({});
  expect(learningRate(options, 0)).toBe(0.025);
  expect(learningRate(options, 125)).toBeCloseTo((0.025 + 1e-5) / 2, 12);
  for (let epoch = 1; epoch < 250; epoch++)
    expect(learningRate(options, epoch)).toBeLessThan(learningRate(options, epoch - 1));
  expect(learningRate(options, 249) - 1e-5).toBeCloseTo((0.02499 * (1 - Math.cos(Math.PI / 250))) / 2, 12);
});

test('the warm-up rises linearly over 5 epochs and the cosine begins at its end', () => {
  const options = variantSchema.parse({ warmupEpochs: 5 });
  const rates = [0, 1, 2, 3, 4, 5].map((epoch) => learningRate(options, epoch));
  [0.005, 0.01, 0.015, 0.02, 0.025, 0.025].forEach((rate, epoch) => {
    expect(rates[epoch]).toBeCloseTo(rate, 12);
  });
  expect(learningRate(options, 6)).toBeLessThan(0.025);
});
