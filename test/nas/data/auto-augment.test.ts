/** AutoAugment: every operation against PIL (golden values made by test/golden/data/auto-augment.py), and the policies. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { amountOf, applyRandomPolicy, augment, cifar10Policies } from '../../../src/nas/data/auto-augment.ts';
import { Random } from '../../../src/nas/data/random.ts';

interface Golden {
  readonly side: number;
  readonly image: string;
  readonly cases: readonly {
    readonly operation: Parameters<typeof augment>[2];
    readonly amount: number;
    readonly result: string;
  }[];
}

const golden: readonly Golden[] = JSON.parse(
  readFileSync(new URL('../../golden/data/auto-augment.json', import.meta.url), 'utf8'),
);
const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const cases = golden.flatMap(({ side, image, cases }) => cases.map((one) => ({ side, image, ...one })));

test.each(cases)(
  '$operation by $amount at side $side equals PIL',
  ({ side, image, operation, amount, result }) => {
    expect(augment(bytes(image), side, operation, amount)).toEqual(bytes(result));
  },
);

test('every operation of the policies has golden cases', () => {
  const used = new Set(cifar10Policies.flat().map((step) => step.operation));
  expect(new Set(cases.map((one) => one.operation))).toEqual(new Set([...used, 'shearX']));
});

test('there are 25 sub-policies and the magnitudes cover the paper’s ranges', () => {
  expect(cifar10Policies).toHaveLength(25);
  expect(amountOf('shearY', 9, 32, 1)).toBeCloseTo(0.3);
  expect(amountOf('rotate', 9, 32, -1)).toBeCloseTo(-30);
  expect(amountOf('translateX', 9, 331, 1)).toBe(150);
  expect(amountOf('solarize', 0, 32, 1)).toBe(256);
  expect(amountOf('solarize', 9, 32, 1)).toBe(0);
  expect(amountOf('posterize', 0, 32, 1)).toBe(8);
  expect(amountOf('posterize', 9, 32, 1)).toBe(4);
  expect([amountOf('color', 9, 32, -1), amountOf('color', 9, 32, 1)]).toEqual([
    expect.closeTo(0.1),
    expect.closeTo(1.9),
  ]);
});

test('a policy draws the same number of random values whatever happens', () => {
  const image = bytes(golden[0]!.image);
  for (let seed = 0; seed < 50; seed++) {
    const random = Random.stream(seed, 'policy');
    const twin = Random.stream(seed, 'policy');
    applyRandomPolicy(image, golden[0]!.side, random);
    twin.int(25);
    for (let i = 0; i < 4; i++) twin.uniform();
    expect(random.state).toEqual(twin.state);
  }
});
