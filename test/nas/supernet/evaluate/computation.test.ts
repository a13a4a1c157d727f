// Architectures that are computed once and answer for each other: their logits are the same to the bit.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend, Tensor } from '../../../../src/nas/backend/contract/backend.ts';
import { Random } from '../../../../src/nas/data/random.ts';
import {
  type Architecture,
  fromCode,
  parseArchitecture,
  spaceSize,
} from '../../../../src/nas/space/architecture.ts';
import { groupByComputation } from '../../../../src/nas/supernet/evaluate/computation.ts';
import { BatchForward } from '../../../../src/nas/supernet/evaluate/forward.ts';
import { batchNormaliser } from '../../../../src/nas/supernet/evaluate/normalise.ts';
import { superNetworkLayout } from '../../../../src/nas/supernet/network/layout.ts';
import { disposeNetwork, initialise, type Network } from '../../../../src/nas/supernet/network/network.ts';
import { variantSchema } from '../../../../src/nas/supernet/network/options.ts';
import { open } from '../../backend/opened.ts';

const kinds = [
  { nodeReduce: 'mean', linearTransformer: 'none' },
  { nodeReduce: 'mean', linearTransformer: 'skip' },
  { nodeReduce: 'sum', linearTransformer: 'none' },
  { nodeReduce: 'sum', linearTransformer: 'skip+pool' },
] as const;
const space = Array.from({ length: spaceSize }, (_, code) => fromCode(code));
const [count, side] = [2, 8];
let backend: Backend;

beforeAll(async () => {
  backend = await open('wasm');
});

for (const kind of kinds)
  describe(`with ${kind.nodeReduce} of nodes and transformers on ${kind.linearTransformer}`, () => {
    const layout = superNetworkLayout(variantSchema.parse({ channels: 2, cellsPerStage: 2, ...kind }));
    let network: Network;
    let images: Tensor;
    beforeAll(() => {
      network = initialise(backend, layout, 3);
      const random = Random.stream(1, 'images');
      const values = Float32Array.from({ length: count * side * side * 3 }, () => random.uniform() - 0.5);
      images = backend.tensor(values, [count, side, side, 3]);
    });
    afterAll(() => {
      disposeNetwork(backend, network);
      backend.dispose([images]);
    });

    /** Each on a forward pass of its own, so that nothing is shared. */
    function logits(architecture: Architecture): string {
      return backend.scope(() => {
        const forward = new BatchForward(backend, network, batchNormaliser(backend, network), images);
        const result = backend.read(forward.logits(architecture)).join();
        forward.dispose();
        return result;
      });
    }

    test('architectures of one group have the same logits, bit for bit', () => {
      const groups = groupByComputation(space, layout).filter(({ positions }) => positions.length > 1);
      const some = Random.stream(2, 'groups').permutation(groups.length).slice(0, 25);
      for (const place of some) {
        const { positions } = groups[place] ?? { positions: [] };
        const seen = new Set(positions.slice(0, 6).map((position) => logits(fromCode(position))));
        expect(seen.size).toBe(1);
      }
    });

    test('architectures of different groups compute differently', () => {
      const groups = groupByComputation(space, layout);
      const some = [...Random.stream(3, 'groups').permutation(groups.length).slice(0, 60)];
      const seen = new Set(some.map((place) => logits(groups[place]?.architecture ?? fromCode(0))));
      // Two that differ may still agree by arithmetic (pooled zeros are zeros), but not many.
      expect(seen.size).toBeGreaterThan(50);
    });
  });

test('what an edge holds does not matter where nothing goes on from its node', () => {
  const layout = superNetworkLayout(variantSchema.parse({}));
  const groups = groupByComputation(['310300', '210300', '010300', '311300'].map(parseArchitecture), layout);
  expect(groups.map(({ positions }) => positions)).toEqual([[0, 1, 2, 3]]);
});

test('every seventh architecture of 1,000 random ones need not be computed', () => {
  const layout = superNetworkLayout(variantSchema.parse({}));
  const sample = [...Random.stream(0, 'sample').permutation(spaceSize).slice(0, 1000)].map(fromCode);
  expect(groupByComputation(sample, layout).length).toBeLessThan(880);
});
