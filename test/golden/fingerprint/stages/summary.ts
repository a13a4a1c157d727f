import { readFileSync, writeFileSync } from 'node:fs';
import { defineStage } from 'pipe-experiments/stage';
export default defineStage(({ gathered, out }) => {
  writeFileSync(out('text'), gathered('models').items.map(({ path }) => readFileSync(path, 'utf8')).join('\n'));
});
