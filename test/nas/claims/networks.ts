/** Networks of which the effect is known, and claims on them. */
import { judgeClaims } from '../../../src/nas/claims/claims.ts';
import type { RunScale } from '../../../src/nas/claims/form.ts';
import { BenchmarkFacts } from '../../../src/nas/claims/functions.ts';
import { readClaims } from '../../../src/nas/claims/read.ts';
import { Random } from '../../../src/nas/data/random.ts';
import { fromCode, spaceSize, toDigits } from '../../../src/nas/space/architecture.ts';
import type { NetworkPredictions } from '../../../src/nas/study/aggregate.ts';
import type { PredictionRow } from '../../../src/nas/tables.ts';

export const paperScale: RunScale = {
  channels: 32,
  cellsPerStage: 2,
  side: 32,
  epochs: 250,
  trainImages: 45_000,
  embedded: false,
  planned: 5,
};
/** Every architecture, so that the benchmark counts as whole. */
export const bench = Array.from({ length: spaceSize }, (_, index) => ({
  index,
  ops: toDigits(fromCode(index)),
  accuracy: index / 200,
}));

export const everything = new BenchmarkFacts(bench, new Map());

/** A network of `S/SPACE` whose prediction of the r-th best is 50 + slope · log10 r, and some noise of its own. */
export function network(seed: string, slope: number, space = 'all', noise = 0.5): NetworkPredictions {
  const random = Random.stream(Number(seed), `network ${space} ${slope}`);
  const rows = Array.from({ length: 500 + 200 }, (_, i): PredictionRow => {
    const isTop = i < 500;
    return {
      index: i * 20,
      ops: '000000',
      group: isTop ? 'top' : 'random',
      sampled: !isTop,
      rank: isTop ? i + 1 : null,
      predicted: 50 + (isTop ? slope * Math.log10(i + 1) : 0) + noise * random.normal(),
      benchmark: 95 - i / 100,
    };
  });
  return { axes: { size: 'S', space, method: 'baseline', seed }, rows };
}

export type PartForm = Record<string, string>;
export function fileOf(parts: readonly PartForm[], claims = 1) {
  const form = {
    seeds: 3,
    level: 0.05,
    scale: { channels: 8, epochs: 15 },
    paper: { channels: 32, cellsPerStage: 2, side: 32, epochs: 250, trainImages: 45_000 },
    claims: Array.from({ length: claims }, (_, i) => ({
      id: String(i + 1),
      statement: 's',
      source: 'section',
      paper: 'p',
      parts: parts.map((part) => ({ what: 'the effect', ...part })),
    })),
  };
  return readClaims(JSON.stringify(form), 'claims.yaml');
}

export function judge(part: PartForm, networks: readonly NetworkPredictions[], scale = paperScale) {
  return judgeClaims(fileOf([part]), { networks, benchmark: everything, scale })[0]!;
}

export const falls = { effect: "slope('S/all')", supported: '< 0', contradicted: '> 0' };
export const five = (slope: number, space = 'all') =>
  ['0', '1', '2', '3', '4'].map((seed) => network(seed, slope, space));
