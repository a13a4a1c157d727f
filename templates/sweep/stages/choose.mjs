import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { best, combinations } from '../lib/choose.mjs';

export default function choose({ gathered, out, info }) {
  const { items } = gathered('results');
  const runs = items.map(({ path, axes }) => ({ ...axes, ...JSON.parse(readFileSync(path, 'utf8')) }));
  const all = combinations(runs);
  const { rate, batch, mean } = best(all);
  info(`rate ${rate}, batch ${batch}`);
  writeFileSync(out('metrics'), JSON.stringify({ best_accuracy: mean, best_rate: Number(rate), best_batch: Number(batch) }));
  writeFileSync(out('table'), JSON.stringify(table(all)));
  mkdirSync(out('figures'));
  writeFileSync(join(out('figures'), 'sweep.vl.json'), JSON.stringify(figure(all)));
}

function table(all) {
  const planned = Math.max(...all.map(({ n }) => n));
  return {
    title: 'Accuracy by rate and batch size',
    caption: 'Of points that were held out, over the seeds.',
    columns: [
      { name: 'rate', label: 'Rate', kind: 'text' },
      { name: 'batch', label: 'Batch', kind: 'text' },
      { name: 'accuracy', label: 'Accuracy', kind: 'spread', digits: 3, better: 'higher' },
    ],
    rows: all.map(({ rate, batch, mean, std, n }) => ({ rate, batch, accuracy: { mean, std, n, planned } })),
    notes: [],
  };
}

function figure(all) {
  const about = { title: 'Accuracy', caption: 'Mean over the seeds.', section: 'Sweep', order: 1 };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    usermeta: { pipe: about },
    data: { values: all },
    mark: 'rect',
    encoding: {
      x: { field: 'rate', type: 'ordinal' },
      y: { field: 'batch', type: 'ordinal' },
      color: { field: 'mean', type: 'quantitative', title: 'accuracy' },
    },
  };
}
