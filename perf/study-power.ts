/**
 * How often the claims' verdicts are right, by simulation: `npm run study:power -- [--studies 200] [--seeds 3,5,10] [--json]`.
 * A table per claim: P(supported | true), P(contradicted | true), P(supported | null), P(contradicted | null).
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { powerOf } from '../src/nas/claims/power.ts';
import { readClaims } from '../src/nas/claims/read.ts';

const { values } = parseArgs({
  options: {
    studies: { type: 'string', default: '200' },
    seeds: { type: 'string', default: '3,5,10' },
    json: { type: 'boolean', default: false },
  },
});
const file = readClaims(readFileSync('claims.yaml', 'utf8'), 'claims.yaml');
const started = performance.now();
const rows = powerOf(file, {
  seeds: values.seeds.split(',').map(Number),
  studies: Number(values.studies),
  onStudy: (done, all) => {
    if (!process.stderr.isTTY) return;
    const left = ((performance.now() - started) / done) * (all - done);
    process.stderr.write(`\r${done} of ${all} studies, ${Math.ceil(left / 1000)} s left `);
  },
});
if (process.stderr.isTTY) process.stderr.write('\n');
if (values.json) console.log(JSON.stringify(rows, null, 1));
else {
  console.log(
    '| claim | seeds | supported when true | contradicted when true | supported when null | contradicted when null |',
  );
  console.log('|---|---|---|---|---|---|');
  for (const row of rows) {
    const cells = [
      row.supportedWhenTrue,
      row.contradictedWhenTrue,
      row.supportedWhenNull,
      row.contradictedWhenNull,
    ].map((part) => part.toFixed(2));
    console.log(`| ${row.id} | ${row.seeds} | ${cells.join(' | ')} |`);
  }
}
