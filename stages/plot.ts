/** Draws the paper's figures from what is there: one Vega-Lite file and one CSV each, and an index of what is left out. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readBenchTable } from '../src/nas/benchmark/table.ts';
import { standAlone, toCsv } from '../src/nas/figures/figure.ts';
import { studyFigures } from '../src/nas/figures/figures.ts';
import { parseParams } from '../src/nas/params.ts';
import { readNetworks } from '../src/nas/study/networks.ts';
import { defineStage } from '../src/pipe/stage.ts';

const paramsSchema = z.object({ target: z.string() });

export default defineStage((stage) => {
  const { target } = parseParams(paramsSchema, stage.params);
  const { networks, seeds } = readNetworks(stage.gathered('predictions'));
  const { figures, leftOut } = studyFigures({
    bench: readBenchTable(stage.dep('bench')),
    target,
    networks,
    seeds,
  });
  const folder = stage.out('figures');
  mkdirSync(folder, { recursive: true });
  for (const figure of figures) {
    writeFileSync(join(folder, `${figure.name}.vl.json`), `${JSON.stringify(standAlone(figure))}\n`);
    writeFileSync(join(folder, `${figure.name}.csv`), toCsv(figure.data));
  }
  writeFileSync(join(folder, 'index.json'), `${JSON.stringify({ leftOut }, null, 1)}\n`);
  for (const { name, reason } of leftOut) stage.info(`${name} is left out: ${reason}`);
});
