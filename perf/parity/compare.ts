/** What whole trainings of ours and of PyTorch say beside each other: values per seed, and tests of their equality. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { numberText } from '../../src/lib/format.ts';
import { RankedNetwork } from '../../src/nas/claims/networks.ts';
import { spreadOf } from '../../src/nas/stats/spread.ts';
import { compareSamples } from '../../src/nas/stats/two-samples.ts';

const architectures = z.array(
  z.object({
    index: z.number(),
    ops: z.string(),
    rank: z.number().nullable(),
    sampled: z.boolean(),
    benchmark: z.number(),
  }),
);
const resultSchema = z.object({
  side: z.enum(['ours', 'pytorch']),
  seed: z.number(),
  epochs: z.number(),
  machine: z.string().optional(),
  version: z.string(),
  loss: z.number(),
  accuracy: z.number(),
  trainSeconds: z.number(),
  evaluateSeconds: z.number(),
  predicted: z.array(z.number()),
});
type Result = z.infer<typeof resultSchema>;

interface Measure {
  readonly name: string;
  readonly digits: number;
  /** The difference from which on it would matter: that of claims.yaml. */
  readonly margin: number | null;
  readonly of: (network: RankedNetwork, result: Result) => number | null;
}

const measures: readonly Measure[] = [
  { name: 'τ-b, random sample', digits: 3, margin: 0.1, of: (one) => one.ofGroup('tau_b', 'random', null) },
  { name: 'τ-a within the top-500', digits: 3, margin: 0.1, of: (one) => one.ofGroup('tau', '500', null) },
  { name: 'τ_a over (N, A_N)', digits: 2, margin: null, of: (one) => one.ofTop('tau_a', null) },
  { name: 'slope of A_N, points per tenfold N', digits: 2, margin: 1, of: (one) => one.ofTop('slope', null) },
  { name: 'A_10, %', digits: 1, margin: 2, of: (one) => one.ofGroup('A', '10', null) },
  { name: 'A_500, %', digits: 1, margin: 2, of: (one) => one.ofGroup('A', '500', null) },
  { name: 'A of the random sample, %', digits: 1, margin: 2, of: (one) => one.ofGroup('A', 'random', null) },
  { name: 'loss in the last epoch', digits: 3, margin: 0.05, of: (_, { loss }) => loss },
  { name: 'training accuracy in the last epoch, %', digits: 1, margin: 2, of: (_, { accuracy }) => accuracy },
];

/** Two tables in Markdown. @throws Error where a side has fewer than two seeds */
export function comparisonText(folder: string): string {
  const asked = architectures.parse(JSON.parse(readFileSync(join(folder, 'architectures.json'), 'utf8')));
  const results = readdirSync(folder)
    .filter((name) => /^(ours|pytorch)-\d+\.json$/.test(name))
    .map((name) => resultSchema.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
    .sort((a, b) => a.seed - b.seed);
  const sides = (['ours', 'pytorch'] as const).map((side) => results.filter((one) => one.side === side));
  const networks = new Map(
    results.map((result): [Result, RankedNetwork] => [
      result,
      new RankedNetwork(
        asked.map(({ rank, ...one }, i) => ({
          ...one,
          rank,
          group: rank === null ? 'random' : 'top',
          predicted: result.predicted[i]!,
        })),
      ),
    ]),
  );
  const valuesOf = ({ of }: Measure, side: readonly Result[]) =>
    side.flatMap((result) => of(networks.get(result)!, result) ?? []);
  return [
    '| | ours | PyTorch | difference, 95 % | p, means | p, distributions | found with 80 % | margin | p, equal | power of that |',
    `|${'---|'.repeat(10)}`,
    ...measures.map((measure) =>
      testRow(
        measure,
        sides.map((side) => valuesOf(measure, side)),
      ),
    ),
    '',
    `| | ${results[0]?.epochs} epochs, in ascending order |`,
    '|---|---|',
    ...measures.slice(0, 4).flatMap((measure) =>
      sides.map((side, i) => {
        const values = valuesOf(measure, side).sort((a, b) => a - b);
        return `| ${measure.name}, ${i === 0 ? 'ours' : 'PyTorch'} | ${values.map((one) => numberText(one, measure.digits)).join(', ')} |`;
      }),
    ),
    '',
    ...sides.map((side) => {
      const total = side.reduce((sum, one) => sum + one.trainSeconds + one.evaluateSeconds, 0);
      return `${side[0]?.version} on ${side[0]?.machine}: ${side.length} seeds, ${Math.round(total / 60)} minutes of processor time.`;
    }),
  ].join('\n');
}

function testRow(
  { name, digits, margin }: Measure,
  [ours = [], theirs = []]: readonly (readonly number[])[],
): string {
  const one = compareSamples(ours, theirs, margin);
  const spread = (values: readonly number[]) => {
    const { mean, std, n } = spreadOf(values);
    return `${numberText(mean!, digits)} ± ${std!.toFixed(digits)} (${n})`;
  };
  const [low, high] = one.interval.map((value) => numberText(value, digits));
  return [
    '',
    name,
    spread(ours),
    spread(theirs),
    `${numberText(one.difference, digits)} [${low}, ${high}]`,
    one.pMeans.toFixed(3),
    one.pDistributions.toFixed(3),
    one.detectable.toFixed(digits),
    margin ?? '–',
    one.pEqual?.toFixed(3) ?? '–',
    one.powerOfEqual?.toFixed(2) ?? '–',
    '',
  ]
    .join(' | ')
    .trim();
}
