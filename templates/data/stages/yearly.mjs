import { createReadStream, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Mean } from '../lib/trend.mjs';

export default async function yearly({ dep, out, progress }) {
  const files = readdirSync(dep('hours')).sort();
  const rows = [];
  for (const [year, file] of files.entries()) {
    const mean = new Mean();
    for await (const line of createInterface({ input: createReadStream(join(dep('hours'), file)) }))
      mean.add(Number(line.slice(line.indexOf(',') + 1)));
    rows.push(`${year},${mean.value.toFixed(4)}\n`);
    progress(year + 1, files.length, 'years');
  }
  writeFileSync(out('years'), rows.join(''));
}
