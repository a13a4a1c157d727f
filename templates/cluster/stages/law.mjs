import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { power } from '../lib/walk.mjs';

export default function law({ gathered, out }) {
  const { items } = gathered('distances');
  const walks = items.map(({ path, axes }) => ({
    steps: Number(axes.steps),
    seed: axes.seed,
    ...JSON.parse(readFileSync(path, 'utf8')),
  }));
  const metrics = {
    power: {
      value: power(walks.map(({ steps, distance }) => [steps, distance])),
      means: 'The distance grows with the number of steps to this power; the theory says one half.',
    },
  };
  writeFileSync(out('metrics'), JSON.stringify(metrics));
  writeFileSync(out('table'), JSON.stringify(table(walks)));
  mkdirSync(out('figures'));
  writeFileSync(join(out('figures'), 'law.vl.json'), JSON.stringify(figure(walks)));
}

function table(walks) {
  const lengths = [...new Set(walks.map(({ steps }) => steps))];
  const rows = lengths.map((steps) => {
    const values = walks.filter((one) => one.steps === steps).map(({ distance }) => distance);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const std = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null;
    return { steps: String(steps), distance: { mean, std, n: values.length, planned: values.length } };
  });
  return {
    title: 'Distance by steps',
    caption: 'Root of the mean square over the walks, over the seeds.',
    columns: [
      { name: 'steps', label: 'Steps', kind: 'text' },
      { name: 'distance', label: 'Distance', kind: 'spread', digits: 2 },
    ],
    rows,
    notes: [],
  };
}

function figure(walks) {
  const log = { type: 'quantitative', scale: { type: 'log' } };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    usermeta: { pipe: { title: 'The law', caption: 'A point per seed; both axes are logarithmic.', section: '', order: 1 } },
    data: { values: walks },
    mark: 'point',
    encoding: { x: { field: 'steps', ...log }, y: { field: 'distance', ...log }, color: { field: 'seed', type: 'nominal' } },
  };
}
