/**
 * `npm run test:fuzz`: 100,000 mutated pipeline files (or as many as the first argument says, from the seed in the
 * second). `npm run test:fuzz -- --histories 100000`: random histories in place of them, each of which must leave what a
 * clean run makes. `--first N`: from that one on; `--seconds T`: for so long, the last line says how to go on;
 * `--steps 0,3`: of one history, these steps alone; `--json`.
 */
import { parseArgs } from 'node:util';
import { failureText, shrink, walk, walkHistories } from './history.ts';
import { fuzzPipelines } from './pipeline.ts';

const { values, positionals } = parseArgs({
  options: {
    histories: { type: 'string' },
    first: { type: 'string', default: '0' },
    seconds: { type: 'string', default: 'Infinity' },
    steps: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const started = performance.now();
if (values.histories === undefined) fuzz();
else if (values.steps !== undefined) await replay(Number(values.first), values.steps.split(',').map(Number));
else await histories(Number(values.first), Number(values.histories));

function fuzz(): void {
  const [cases = '100000', seed = '1'] = positionals;
  const { planned, refused, slowestMs } = fuzzPipelines(Number(cases), Number(seed));
  process.stdout.write(
    `${cases} mutated pipelines: ${planned} planned, ${refused} refused with positions, 0 crashes, slowest ${slowestMs} ms, ${seconds()} s\n`,
  );
}

async function replay(seed: number, steps: readonly number[]): Promise<void> {
  const failure = await walk(seed, steps);
  process.stdout.write(failure === null ? `history ${seed} goes well\n` : `${failureText(failure)}\n`);
  process.exitCode = failure === null ? 0 : 1;
}

async function histories(first: number, count: number): Promise<void> {
  const result = await walkHistories(first, count, {
    deadlineMs: started + Number(values.seconds) * 1000,
    onFailure: ({ seed, why }) => process.stderr.write(`history ${seed} fails: ${why.split('\n')[0]}\n`),
    onDone: (done) => {
      if (done % 500 === 0) process.stderr.write(`${done} histories, ${seconds()} s\n`);
    },
  });
  const failures = [];
  for (const failure of result.failures) failures.push(await shrink(failure));
  const cpu = process.cpuUsage();
  const cpuSeconds = Math.round((cpu.user + cpu.system) / 1e6);
  const goOn = result.histories < count ? `; to go on: --first ${first + result.histories}` : '';
  if (values.json)
    process.stdout.write(
      `${JSON.stringify({ ...result, failures, told: failures.map(failureText), first, seconds: Number(seconds()), cpuSeconds })}\n`,
    );
  else {
    for (const failure of failures) process.stdout.write(`${failureText(failure)}\n`);
    process.stdout.write(
      `${result.histories} histories from ${first} on: ${failures.length} failed; ${seconds()} s, ${cpuSeconds} s of a processor${goOn}\n`,
    );
  }
  process.exitCode = failures.length === 0 ? 0 : 1;
}

function seconds(): string {
  return ((performance.now() - started) / 1000).toFixed(0);
}
