import { mkdirSync, writeFileSync } from 'node:fs';
import { defineStage } from 'pipe-experiments/stage';
import { used } from '../lib/used.ts';
export default defineStage(({ out, axes, params }) => {
  writeFileSync(out('model'), JSON.stringify({ axes, params, value: used(1) }));
  mkdirSync(out('logs'));
  writeFileSync(`${out('logs')}/log.txt`, 'done\n');
});
