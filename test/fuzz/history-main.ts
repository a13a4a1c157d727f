/**
 * `npm run test:histories`: random histories of a project, each of which must leave what a clean run makes. `--count N --from
 * SEED`: so many, from that one on; `--jobs J`: in so many processes; `--seconds T`: for so long, the last line says how to go
 * on; `--steps 0,3`: of one history, these steps alone; `--json`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  type Drawn,
  type Failure,
  failureText,
  shrink,
  type Walked,
  walk,
  walkHistories,
} from './history-walk.ts';

/** Handed to a process at once: enough that twelve at a time keep it busy, few enough that the end is near. */
const chunk = 60;
/** With so many, more would say nothing new. */
const enoughFailures = 5;

interface Chunk {
  readonly from: number;
  readonly count: number;
}
type Answer = Walked & { readonly cpuMs: number };

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '2000' },
    from: { type: 'string', default: '0' },
    jobs: { type: 'string', default: '1' },
    seconds: { type: 'string', default: 'Infinity' },
    steps: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const started = performance.now();
if (process.send) serve();
else if (values.steps !== undefined) await replay(Number(values.from), values.steps.split(',').map(Number));
else await walkAll(Number(values.from), Number(values.count));

/** In a process of its own: walks what it is sent. */
function serve(): void {
  // Most errors here are answers ("there is no such file"), and a stack is what they cost. Failures are walked again.
  Error.stackTraceLimit = 0;
  process.on('message', async ({ from, count }: Chunk) => {
    const before = process.cpuUsage();
    const walked = await walkHistories(from, count);
    const { user, system } = process.cpuUsage(before);
    process.send?.({ ...walked, cpuMs: (user + system) / 1000 } satisfies Answer);
  });
}

async function replay(seed: number, steps: readonly number[]): Promise<void> {
  const failure = await walk(seed, steps);
  process.stdout.write(failure === null ? `history ${seed} goes well\n` : `${failureText(failure)}\n`);
  process.exitCode = failure === null ? 0 : 1;
}

async function walkAll(from: number, count: number): Promise<void> {
  const deadline = started + Number(values.seconds) * 1000;
  const found: Failure[] = [];
  const drawn: Drawn = {};
  let next = from;
  let cpuMs = 0;
  const drive = async (worker: ChildProcess) => {
    while (next < from + count && performance.now() < deadline && found.length < enoughFailures) {
      const part: Chunk = { from: next, count: Math.min(chunk, from + count - next) };
      next += part.count;
      worker.send(part);
      const [answer] = (await once(worker, 'message')) as [Answer];
      for (const failure of answer.failures) {
        found.push(failure);
        process.stderr.write(`history ${failure.seed} fails: ${failure.why.split('\n')[0]}\n`);
      }
      for (const [kind, times] of Object.entries(answer.drawn)) drawn[kind] = (drawn[kind] ?? 0) + times;
      cpuMs += answer.cpuMs;
    }
    worker.disconnect();
  };
  const workers = Array.from({ length: Number(values.jobs) }, () => fork(fileURLToPath(import.meta.url), []));
  await Promise.all(workers.map(drive));
  const failures: Failure[] = [];
  for (const failure of found) failures.push(await shrink(failure));
  const seconds = Math.round((performance.now() - started) / 1000);
  const cpuSeconds = Math.round(cpuMs / 1000);
  const histories = next - from;
  const told = failures.map(failureText);
  process.exitCode = failures.length === 0 ? 0 : 1;
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ histories, from, next, told, drawn, seconds, cpuSeconds })}\n`);
    return;
  }
  for (const [kind, times] of Object.entries(drawn).sort()) process.stdout.write(`${times} × ${kind}\n`);
  for (const text of told) process.stdout.write(`${text}\n`);
  process.stdout.write(
    `${histories} histories from ${from} on: ${failures.length} failed; ${seconds} s, ${cpuSeconds} s of a processor; the next is --from ${next}\n`,
  );
}
