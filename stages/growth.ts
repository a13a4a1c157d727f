/** How τ-b, τ_a and A_N change while a network trains: a figure and its numbers, of the snapshots' predictions. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { standAlone, toCsv } from '../src/nas/figures/figure.ts';
import { growthFigure, growthRows } from '../src/nas/figures/growth.ts';
import { readNetworks } from '../src/nas/study/networks.ts';
import { defineStage } from '../src/pipe/stage.ts';

export default defineStage((stage) => {
  const { networks, planned } = readNetworks(stage.gathered('predictions'));
  const folder = stage.out('figures');
  mkdirSync(folder, { recursive: true });
  const figure = growthFigure(networks);
  const leftOut = [
    { name: 'growth', title: 'How the ranking grows', reason: 'fewer than two epochs were asked' },
  ];
  if (figure) writeFileSync(join(folder, 'growth.vl.json'), `${JSON.stringify(standAlone(figure))}\n`);
  writeFileSync(join(folder, 'growth.csv'), toCsv(growthRows(networks)));
  writeFileSync(
    join(folder, 'index.json'),
    `${JSON.stringify({ leftOut: figure ? [] : leftOut }, null, 1)}\n`,
  );
  stage.info(`${networks.length} of ${planned} snapshots`);
});
