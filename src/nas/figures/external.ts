/** The study's figures 2 and 4 of other people's predictions. */

import { asNetworks, type ExternalResults, type RankedFile } from '../external/rank.ts';
import type { Figure } from './figure.ts';
import { linesFigure } from './lines.ts';
import { blue, cyan, green, grey, orange, purple, red, yellow } from './palette.ts';
import { scatterFigure } from './scatter.ts';

const colours = [red, blue, green, purple, orange, cyan, yellow, grey];
const section = 'Predictions';

export function externalFigures(files: readonly RankedFile[], results: ExternalResults): Figure[] {
  const scatter = scatterFigure(asNetworks(files), {
    name: 'figure-02',
    title: 'Prediction and benchmark',
    order: 2,
    section,
    statement: 'The paper’s figure 2 shows a super-network so: many good networks are predicted as useless.',
    label: ({ method, seed }) => `${method}, seed ${seed}`,
  });
  const lines = linesFigure(results.summaries, {
    name: 'figure-04',
    title: 'Top-N and random sample',
    order: 4,
    section,
    statement:
      'The better the predictions, the more they fall from the top-10 to the random sample (τ_a = −1).',
    fewest: 1,
    predictedTitle: files.every(({ kind }) => kind === 'accuracy') ? 'predicted accuracy, %' : 'mean score',
    // A panel each: scores of different makers have scales of their own.
    rows: chunk(
      results.summaries.map(({ size, space, method }, i) => ({
        title: method,
        series: [{ label: method, colour: colours[i % colours.length]!, variant: { size, space, method } }],
      })),
      3,
    ),
  });
  return [scatter, lines].filter((figure) => figure !== null);
}

function chunk<T>(items: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / length) }, (_, i) =>
    items.slice(i * length, (i + 1) * length),
  );
}
