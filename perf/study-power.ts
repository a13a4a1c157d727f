/**
 * How often the claims' verdicts are right, by simulation: `npm run study:power -- [--studies 200] [--seeds 3,5,10] [--json]`.
 * A table per claim: P(supported | true), P(contradicted | true), P(supported | null), the same of its worst part by itself,
 * and the coverage of its intervals. `--from FILE` makes the table of what --json gave; `--variants S/all/baseline,…`: as if
 * only these were run.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { powerOf } from '../src/nas/claims/power.ts';
import { powerMarkdown } from '../src/nas/claims/power-table.ts';
import { readClaims } from '../src/nas/claims/read.ts';

const { values } = parseArgs({
  options: {
    studies: { type: 'string', default: '200' },
    seeds: { type: 'string', default: '3,5,10' },
    json: { type: 'boolean', default: false },
    from: { type: 'string' },
    variants: { type: 'string' },
  },
});
if (values.from !== undefined) {
  console.log(powerMarkdown(JSON.parse(readFileSync(values.from, 'utf8'))));
  process.exit();
}
const file = readClaims(readFileSync('claims.yaml', 'utf8'), 'claims.yaml');
const started = performance.now();
const rows = powerOf(file, {
  seeds: values.seeds.split(',').map(Number),
  studies: Number(values.studies),
  ...(values.variants === undefined ? {} : { variants: values.variants.split(',') }),
  onStudy: (done, all) => {
    if (!process.stderr.isTTY) return;
    const left = ((performance.now() - started) / done) * (all - done);
    process.stderr.write(`\r${done} of ${all} studies, ${Math.ceil(left / 1000)} s left `);
  },
});
if (process.stderr.isTTY) process.stderr.write('\n');
if (values.json) console.log(JSON.stringify(rows, null, 1));
else console.log(powerMarkdown(rows));
