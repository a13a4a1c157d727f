/** `npm run test:fuzz`: 100,000 mutated pipeline files, or as many as the first argument says, from the seed in the second. */
import { fuzzPipelines } from './pipeline.ts';

const [cases = '100000', seed = '1'] = process.argv.slice(2);
const started = performance.now();
const { planned, refused, slowestMs } = fuzzPipelines(Number(cases), Number(seed));
const seconds = ((performance.now() - started) / 1000).toFixed(0);
process.stdout.write(
  `${cases} mutated pipelines: ${planned} planned, ${refused} refused with positions, 0 crashes, slowest ${slowestMs} ms, ${seconds} s\n`,
);
