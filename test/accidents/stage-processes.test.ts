/** What a stage's processes may do to a run. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new CliProject(pipe.file);
});
afterEach(() => project.remove());

const command = (cmd: string, more: object = {}) =>
  project.write(
    'pipeline.yaml',
    JSON.stringify({ version: 1, stages: { a: { cmd, outs: { o: 'o.txt' }, ...more } } }),
  );

/** A process that ended and was not yet collected counts as gone. */
function lives(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) [ZX] /.test(readFileSync(file, 'utf8'));
}

test.runIf(existsSync('/proc/self/environ'))(
  'a process that a stage put into a session of its own ends with the stage, with a secret in its log or without',
  () => {
    process.env.TEST_TOKEN = 'a-secret';
    for (const env of [{}, { pass: ['TEST_TOKEN'] }]) {
      command('setsid sleep 600 & echo $! > ${outs.o}; sleep 0.2', { env });
      expect(project.pipe('run', '--force').code).toBe(0);
      expect(lives(Number(project.read('cache/cells/a/o.txt')))).toBe(false);
    }
    delete process.env.TEST_TOKEN;
  },
);

test('a pipe in place of the event file does not hang the run', () => {
  command(
    'events=$(sed -n \'s/.*"events": "\\(.*\\)".*/\\1/p\' "$PIPE_JOB"); rm -f "$events"; mkfifo "$events"; sleep 0.4; echo x > ${outs.o}',
  );
  expect(project.pipe('run').code).toBe(0);
});

test('an event file that grows without end is kept within its bound', () => {
  project.write(
    'a.mjs',
    `import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
     export default async ({ out }) => {
       const { events } = JSON.parse(readFileSync(process.env.PIPE_JOB, 'utf8'));
       const line = 'x'.repeat(1023) + '\\n';
       for (let part = 0; part < 4; part++) {
         appendFileSync(events, line.repeat(33_000));
         // Until the reader has seen it.
         for (const size = statSync(events).size; part % 2 === 1 && statSync(events).size >= size; ) await new Promise((resolve) => setTimeout(resolve, 50));
       }
       writeFileSync(out('o'), String(statSync(events).size));
     };`,
  );
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {run: a.mjs, outs: {o: o.txt}}}\n');
  expect(project.pipe('run').code).toBe(0);
  expect(Number(project.read('cache/cells/a/o.txt'))).toBe(0);
}, 60_000);

test('a metric and a message are recorded with their step, their attempt and the time at which the stage said them', () => {
  project.write(
    'a.mjs',
    `import { existsSync, writeFileSync } from 'node:fs';
     export default ({ out, metric, info }) => {
       for (let step = 0; step < 3; step++) metric('loss', 1 / (step + 1), step);
       info('said');
       if (!existsSync('again')) { writeFileSync('again', ''); throw new Error('once more'); }
       writeFileSync(out('o'), '');
     };`,
  );
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {run: a.mjs, retries: 1, outs: {o: o.txt}}}\n');
  const lines = project.pipe('run', '--json').stdout.trim().split('\n');
  const events = lines.map((line): Record<string, unknown> => JSON.parse(line));
  const metrics = events.filter((event) => event.type === 'cell-metric');
  expect(metrics.map(({ step, attempt }) => [step, attempt])).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
    [0, 2],
    [1, 2],
    [2, 2],
  ]);
  for (const event of [...metrics, ...events.filter((one) => one.type === 'cell-message')])
    expect(String(event.at) <= String(event.time)).toBe(true);
});
