/** How the ranking grows: τ-b, τ_a, the slope and A_N of snapshots of a training, over its epochs, per size and space. */
import { RankedNetwork } from '../claims/networks.ts';
import { spreadOf } from '../stats/spread.ts';
import type { NetworkPredictions } from '../study/aggregate.ts';
import type { Datum, Figure } from './figure.ts';
import { blue, green, orange, purple, red } from './palette.ts';
import { sharedScale } from './shared-scale.ts';

const measures: readonly {
  readonly name: string;
  readonly of: (network: RankedNetwork) => number | null;
}[] = [
  { name: 'τ-b, random sample', of: (one) => one.ofGroup('tau_b', 'random', null) },
  { name: 'τ_a over (N, A_N)', of: (one) => one.ofTop('tau_a', null) },
  { name: 'slope, points per tenfold N', of: (one) => one.ofTop('slope', null) },
  { name: 'A_10, %', of: (one) => one.ofGroup('A', '10', null) },
];

/** A row per size, space, epoch and measure, over seeds. `axes` of a network name its size, space, seed and epoch. */
export function growthRows(networks: readonly NetworkPredictions[]): readonly Datum[] {
  const byPoint = new Map<string, NetworkPredictions[]>();
  for (const network of networks) {
    const { size = '', space = '', epoch = '' } = network.axes;
    const point = JSON.stringify([size, space, epoch]);
    byPoint.set(point, [...(byPoint.get(point) ?? []), network]);
  }
  return [...byPoint].flatMap(([point, members]) => {
    const [size, space, epoch]: string[] = JSON.parse(point);
    const ranked = members.map(({ rows }) => new RankedNetwork(rows));
    return measures.map(({ name, of }): Datum => {
      const { mean, std, n } = spreadOf(ranked.map(of));
      const half = std ?? 0;
      return {
        ...{ size: size!, space: space!, epoch: Number(epoch), measure: name, n, mean, std },
        ...(mean === null ? { low: null, high: null } : { low: mean - half, high: mean + half }),
      };
    });
  });
}

/** A column of panels per size; null below two epochs. */
export function growthFigure(networks: readonly NetworkPredictions[]): Figure | null {
  const data = growthRows(networks);
  const epochs = new Set(data.map(({ epoch }) => epoch));
  if (epochs.size < 2) return null;
  const sizes = [...new Set(data.map(({ size }) => size))];
  const spaces = [...new Set(data.map(({ space }) => space))];
  const color = {
    field: 'space',
    type: 'nominal',
    scale: { domain: spaces, range: [red, green, purple, blue, orange].slice(0, spaces.length) },
    legend: { orient: 'bottom', title: null, symbolOpacity: 1 },
  };
  return {
    name: 'growth',
    title: 'How the ranking grows with training',
    caption:
      'Snapshots of one training each, after so many epochs; line and band are mean ± standard deviation over seeds. τ_a and the ' +
      'slope are below 0 when the best architectures are predicted best. Panels of a row share their y axis.',
    section: 'How the ranking grows',
    order: 1,
    statement:
      'On small networks, trained to the end, masking zero or pool gives τ_a = −1 and the baseline about 0 (figure 4).',
    spec: {
      vconcat: measures.map(({ name }, i) => {
        const own = data.filter(({ measure }) => measure === name);
        const scale = sharedScale(own.flatMap(({ low, high }) => [Number(low), Number(high)]));
        return {
          hconcat: sizes.map((size) =>
            panel(
              own.filter((row) => row.size === size),
              { title: i === 0 ? `size ${size}` : '', name, scale, color },
            ),
          ),
        };
      }),
    },
    data,
  };
}

function panel(
  rows: readonly Datum[],
  words: { readonly title: string; readonly name: string; readonly scale: object; readonly color: object },
): object {
  const { title, name, scale, color } = words;
  const x = { field: 'epoch', type: 'quantitative', title: 'epochs', scale: { zero: false } };
  const y = { field: 'mean', type: 'quantitative', title: name, scale };
  return {
    title,
    width: 250,
    height: 100,
    data: { values: rows.filter(({ mean }) => mean !== null) },
    layer: [
      {
        mark: { type: 'area', opacity: 0.15 },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
      },
      { mark: { type: 'line', strokeWidth: 1.8, point: true }, encoding: { x, y, color } },
    ],
  };
}
