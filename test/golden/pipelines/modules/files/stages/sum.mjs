import { readFileSync, writeFileSync } from 'node:fs';

export default function sum({ gathered, out }) {
  const { items, planned } = gathered('values');
  const values = items.map(({ path, axes }) => {
    const value = JSON.parse(readFileSync(path, 'utf8'));
    if (value.axes.variant !== axes.variant || value.axes.seed !== axes.seed) throw new Error('axes mixed up');
    return value.sum;
  });
  const total = values.reduce((a, b) => a + b, 0);
  writeFileSync(out('total'), JSON.stringify({ total, n: items.length, planned }));
}
