/** Beside figure 4: each masked network and the unmasked one on the same architectures (study: section 10). */
import { type NetworkPredictions, summariseVariants } from '../study/aggregate.ts';
import { pairsOnSame } from '../study/same-architectures.ts';
import type { Figure } from './figure.ts';
import { linesFigure } from './lines.ts';
import { green, grey } from './palette.ts';

export const sameTitle = 'Beside figure 4: the same architectures with and without the mask';

/** A panel a masked variant of the baseline method, in rows of three; null when there is no such pair. */
export function sameFigure(networks: readonly NetworkPredictions[], seeds: number): Figure | null {
  const compared = pairsOnSame(networks).filter(({ method }) => method === 'baseline');
  const sides = compared.flatMap(({ size, space, pairs }) =>
    pairs.flatMap(({ seed, masked, unmasked }): NetworkPredictions[] => [
      { axes: { size, space, method: 'masked', seed }, rows: masked },
      { axes: { size, space, method: 'unmasked', seed }, rows: unmasked },
    ]),
  );
  const panels = compared.map(({ size, space }) => ({
    title: `${size}: ${space}`,
    series: [
      { label: 'trained with the mask', colour: green, variant: { size, space, method: 'masked' } },
      { label: 'trained without', colour: grey, variant: { size, space, method: 'unmasked' } },
    ],
  }));
  const figure = linesFigure(summariseVariants(sides, seeds), {
    name: 'figure-04-same',
    title: sameTitle,
    order: 4.5,
    section: '4.1 Search space subsets',
    statement:
      'The paper compares each network in its own space, so that a mask changes what is ranked and how it was trained at once.',
    rows: Array.from({ length: Math.ceil(panels.length / 3) }, (_, i) => panels.slice(3 * i, 3 * i + 3)),
  });
  return (
    figure && {
      ...figure,
      caption: `Both networks predict the architectures that the mask leaves, so what differs is the training alone. ${figure.caption}`,
    }
  );
}
