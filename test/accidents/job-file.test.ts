/** What a stage is given, and what it is not given unless it asks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';
import { eventSchema, jobSchema } from '../pipe/job/protocol-schema.ts';

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

const axes = { size: { S: { channels: 8 }, M: { channels: 64 } } };
const pipeline = (stages: object) =>
  project.write('pipeline.yaml', JSON.stringify({ version: 1, axes, stages }));

test('a command and a module find axis values, labels of gathered items, structured params and the checkpoint folder in the job file', () => {
  project.write(
    'b.mjs',
    "import { copyFileSync } from 'node:fs';\nexport default ({ out }) => copyFileSync(process.env.PIPE_JOB, out('o'));\n",
  );
  const more = { params: { deep: { list: [1, 'two', null] } }, checkpoint: true, outs: { o: 'o.json' } };
  pipeline({
    part: {
      cmd: 'cp "$PIPE_JOB" ${outs.o}; echo \'{"type":"metric","name":"m","value":1}\' >> "$(sed -n \'s/.*"events": "\\(.*\\)".*/\\1/p\' "$PIPE_JOB")"',
      matrix: ['size'],
      ...more,
    },
    a: { cmd: 'cp "$PIPE_JOB" ${outs.o}', deps: { parts: 'part.o' }, ...more },
    b: { run: 'b.mjs', deps: { parts: 'part.o' }, ...more },
  });
  const { code, stdout } = project.pipe('run', '--json');
  expect(code).toBe(0);
  for (const cell of ['part@S', 'part@M', 'a', 'b']) {
    const path = join(project.dir, 'cache/cells', cell, 'o.json');
    const job = jobSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    expect(job.params).toEqual(more.params);
    expect(job.checkpoint).toMatch(/checkpoints/);
    if (cell === 'part@M')
      expect(job).toMatchObject({ axes: { size: 'M' }, axisValues: { size: axes.size.M } });
    if (cell.length > 1) continue;
    const { parts } = job.deps;
    expect(parts?.kind === 'gather' && parts.items.map((item) => item.axes)).toEqual([
      { size: 'M' },
      { size: 'S' },
    ]);
  }
  expect(stdout).toMatch(/"cell-metric".*"name":"m"/);
  expect(eventSchema.safeParse({ type: 'metric', name: 'm', value: 'x', step: 1 }).success).toBe(false);
});

test('axis values, their fields and the checkpoint folder have names in a command', () => {
  pipeline({
    a: {
      cmd: 'echo ${size} ${size.channels} "$(basename "$(dirname ${checkpoint})")" > ${outs.o}',
      matrix: ['size'],
      checkpoint: true,
      outs: { o: 'o.txt' },
    },
  });
  expect(project.pipe('run').code).toBe(0);
  expect(project.read('cache/cells/a@M/o.txt')).toBe('M 64 checkpoints\n');
});

test('the name of its cell and stage, its processors and who runs it reach a stage only when it asks, and then they are in its key', () => {
  const cmd =
    'echo "${0##*/} ${HOME-} ${USER-} ${LOGNAME-}" > ${outs.o}; grep -c quiet "$PIPE_JOB" "/proc/$$/comm" >> ${outs.o} || true';
  const stage = { cmd: cmd.replaceAll(/\$\{(?!outs)/g, () => '$${'), outs: { o: 'o.txt' } };
  pipeline({ quiet: stage });
  expect(project.pipe('run').code).toBe(0);
  expect(project.read('cache/cells/quiet/o.txt').split('\n')[0]?.trim()).toBe('bash');
  const asks = { cmd: 'echo ${cell} ${stage} ${resources.cpu} > ${outs.o}', outs: { o: 'o.txt' } };
  pipeline({ asks: { ...asks, resources: { cpu: 1 } } });
  expect(project.pipe('run').code).toBe(0);
  expect(project.read('cache/cells/asks/o.txt')).toBe('asks asks 1\n');
  pipeline({ asks: { ...asks, resources: { cpu: 0.5 } } });
  expect(project.pipe('status', '--check').code).toBe(3);
});

test('the cores that a module declares reach it, and are in its key; whatever a command declares, it is told of one', () => {
  project.write(
    'c.mjs',
    "import { writeFileSync } from 'node:fs'; export default (s) => writeFileSync(s.out('o'), `${s.cpu}`);",
  );
  const module = { run: 'c.mjs', outs: { o: 'o.txt' } };
  const command = {
    cmd: 'grep -o \'"cpu":[^,]*\' "$PIPE_JOB" > ${outs.o} || grep -o \'"cpu": [^,]*\' "$PIPE_JOB" > ${outs.o}',
    outs: { o: 'o.txt' },
  };
  const declare = (cpu: number) =>
    pipeline({ m: { ...module, resources: { cpu } }, c: { ...command, resources: { cpu } } });
  declare(1);
  expect(project.pipe('run').code).toBe(0);
  pipeline({ m: module, c: command });
  expect(project.pipe('status', '--check').code).toBe(0);
  declare(2);
  expect(project.pipe('why', 'm').stdout).toContain(
    'resources.cpu, which the stage is given, changed: 1 → 2',
  );
  expect(project.pipe('status', '--check', 'c').code).toBe(0);
  expect(project.pipe('run', '--jobs', '1').code).toBe(0);
  // As declared, though the run had only one.
  expect(project.read('cache/cells/m/o.txt')).toBe('2');
  expect(project.read('cache/cells/c/o.txt')).toMatch(/: ?1$/m);
});
