import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StageContext } from 'pipe-experiments/stage';

interface Row {
  readonly method: string;
  readonly seed: string;
  readonly points: number;
  readonly error: number;
}

export default (stage: StageContext) => {
  const rows = stage.gathered('errors').items.flatMap(({ path, axes }): Row[] => {
    const errors: { points: number; error: number }[] = JSON.parse(readFileSync(path, 'utf8'));
    return errors.map((one) => ({ method: axes.method ?? '', seed: axes.seed ?? '', ...one }));
  });
  const last = Math.max(...rows.map(({ points }) => points));
  const metrics: Record<string, number> = {};
  for (const method of new Set(rows.map((row) => row.method))) {
    const errors = rows.filter((row) => row.method === method && row.points === last).map(({ error }) => error);
    metrics[`error_${method}`] = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  }
  writeFileSync(stage.out('metrics'), JSON.stringify(metrics));
  mkdirSync(stage.out('figures'));
  writeFileSync(join(stage.out('figures'), 'error.vl.json'), JSON.stringify(figure(rows)));
};

function figure(rows: readonly Row[]) {
  const about = { title: 'Error by number of points', caption: 'A line per seed.', section: 'Results', order: 1 };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    usermeta: { pipe: about },
    data: { values: rows },
    mark: 'line',
    encoding: {
      x: { field: 'points', type: 'quantitative' },
      y: { field: 'error', type: 'quantitative' },
      color: { field: 'method', type: 'nominal' },
      detail: { field: 'seed' },
    },
  };
}
