/** A stage's params that are wrong: every one by its path, and a next step. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ParamsError, parseParams } from '../../src/nas/params.ts';
import { groupedVariantSchema } from '../../src/nas/supernet/network/options.ts';

function messageOf(schema: z.ZodType, params: unknown): string {
  try {
    parseParams(schema, params);
  } catch (error) {
    if (error instanceof ParamsError) return error.message;
  }
  throw new Error('nothing was refused');
}

test('wrong params are all named, each by its path, with a next step', () => {
  const schema = z.strictObject({
    train: z.object({ lr: z.number(), epochs: z.number() }),
    seed: z.number(),
  });
  expect(messageOf(schema, { train: { lr: 'x', epochs: true }, seed: 0 })).toBe(
    [
      'params: train.lr: expected number, received string',
      'params: train.epochs: expected number, received boolean',
      'set it in pipeline.yaml, a profile or with --set',
    ].join('\n'),
  );
  expect(messageOf(schema, { train: { lr: 1, epochs: 1 }, seed: 0, sede: 1 })).toMatch(
    /^params: Unrecognized key: "sede"$/m,
  );
});

test('a wrong setting of a variant has the path of the group that set it last', () => {
  const given = {
    network: { channels: 8, cellPerStage: 2 },
    train: { lr: 'x', epochs: 3 },
    method: { warmupEpochs: 5 },
    space: { mask: ['zero', 'convolution'] },
  };
  const lines = messageOf(groupedVariantSchema, given).split('\n');
  expect(lines[0]).toMatch(/^params: space\.mask\.1: Invalid option/);
  expect(lines).toContain('params: train.lr: expected number, received string');
  expect(lines).toContain('params: network.cellPerStage: no such setting');
  expect(messageOf(groupedVariantSchema, { train: { epochs: 3 }, method: { warmupEpochs: 5 } })).toMatch(
    /^params: method\.warmupEpochs: must be less than epochs$/m,
  );
});

test('right params come back with their defaults, later groups over earlier ones', () => {
  expect(
    parseParams(groupedVariantSchema, { network: { channels: 8 }, size: { channels: 64 } }),
  ).toMatchObject({ channels: 64, lr: 0.025 });
});
