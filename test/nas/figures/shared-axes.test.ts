/** Panels that stand side by side can be compared: their axes are one, and a legend that means the same stands once. */
import { describe, expect, test } from 'vitest';
import { linesFigure, type Panel } from '../../../src/nas/figures/lines.ts';
import { scatterFigure } from '../../../src/nas/figures/scatter.ts';
import { fromCode, spaceSize, toDigits } from '../../../src/nas/space/architecture.ts';
import { summariseVariants } from '../../../src/nas/study/aggregate.ts';
import { drawSvg } from './draw.ts';
import { madeUpNetworks } from './networks.ts';

const bench = Array.from({ length: spaceSize / 25 }, (_, i) => ({
  index: i * 25,
  ops: toDigits(fromCode(i * 25 + (i % 25))),
  accuracy: 40 + ((i * 37) % 500) / 10,
}));
const variants = ['all', 'no-zero'].flatMap((space) =>
  ['baseline', 'uniform'].map((method) => ({ size: 'S', space, method })),
);
const networks = madeUpNetworks(bench, variants, 2, { top: 50, random: 60 }).map((network) =>
  // One space is predicted far below the other.
  network.axes.space === 'all'
    ? network
    : { ...network, rows: network.rows.map((row) => ({ ...row, predicted: row.predicted / 3 })) },
);

const panel = (space: string, names: readonly [string, string]): Panel => ({
  title: space,
  series: [
    { label: names[0], colour: '#d00', variant: { size: 'S', space, method: 'baseline' } },
    { label: names[1], colour: '#00d', variant: { size: 'S', space, method: 'uniform' } },
  ],
});
const words = { name: 'figure-06', title: 't', order: 6, section: 's', statement: 'x' };
const drawn = (rows: readonly (readonly Panel[])[]) =>
  linesFigure(summariseVariants(networks, 2), { ...words, rows })!;

/** Every value of `key` anywhere in a specification. */
function valuesOf(spec: unknown, key: string): unknown[] {
  if (Array.isArray(spec)) return spec.flatMap((one) => valuesOf(one, key));
  if (typeof spec !== 'object' || spec === null) return [];
  return Object.entries(spec).flatMap(([name, value]) => [
    ...(name === key ? [value] : []),
    ...valuesOf(value, key),
  ]);
}

describe('lines', () => {
  const same = [panel('all', ['strictly fair', 'uniform']), panel('no-zero', ['strictly fair', 'uniform'])];

  test('the panels of a row share their y axes, and each row has its own', () => {
    const domains = (rows: Panel[][]) =>
      new Set(
        valuesOf(drawn(rows).spec, 'domain')
          .filter((one) => typeof (one as number[])[0] === 'number')
          .map(String),
      );
    // One of the predicted accuracy and one of τ.
    expect(domains([same]).size).toBe(2);
    expect(domains([[same[0]!], [same[1]!]]).size).toBe(4);
    const [low, high] = [...domains([same])][0]!.split(',').map(Number);
    expect(low).toBeLessThan(20);
    expect(high).toBeGreaterThan(40);
  });

  test('a legend that means the same in all panels stands once; others stand by their panel', async () => {
    const titles = async (rows: Panel[][]) => {
      const { svg, warnings } = await drawSvg(drawn(rows).spec);
      expect(warnings).toEqual([]);
      return svg.split('>uniform').length - 1;
    };
    expect(await titles([same])).toBe(1);
    const other = panel('no-zero', ['no zero, strictly fair', 'uniform']);
    expect(await titles([[same[0]!, other]])).toBe(2);
  });

  test('τ_a and the seeds of every line are said, with either kind of legend', async () => {
    const { svg } = await drawSvg(drawn([same]).spec);
    expect(svg.match(/τ_a = [−\d.]+, n = 2</g)).toHaveLength(4);
    expect(valuesOf(drawn([same]).spec, 'title')).toContain('τ-a within');
  });
});

test('the scatter plots of a row share their x axis, whatever their groups spread over', () => {
  const figure = scatterFigure(networks, words)!;
  const rows = figure.spec.vconcat as { hconcat: unknown[] }[];
  for (const row of rows) {
    const domains = valuesOf(row, 'domain').map(String);
    expect(domains.length).toBeGreaterThan(1);
    expect(new Set(domains).size).toBe(1);
    const predicted = valuesOf(row, 'predicted').filter((one) => typeof one === 'number') as number[];
    const [low, high] = domains[0]!.split(',').map(Number);
    expect(low).toBeLessThanOrEqual(Math.min(...predicted));
    expect(high).toBeGreaterThanOrEqual(Math.max(...predicted));
  }
  expect(JSON.stringify(valuesOf(figure.spec, 'text'))).toContain('τ-a = ');
});
