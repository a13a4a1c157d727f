/** `pipe verify` runs every kind of stage. */
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
  project.write(
    'same.mjs',
    "import { writeFileSync } from 'node:fs';\nexport default ({ out, params }) => writeFileSync(out('o'), String(params.n));\n",
  );
  project.write(
    'other.mjs',
    "import { writeFileSync } from 'node:fs';\nexport default ({ out }) => writeFileSync(out('o'), String(process.hrtime.bigint()));\n",
  );
});
afterEach(() => project.remove());

test.each([
  ['a module', { run: 'same.mjs', params: { n: 3 } }, 0],
  ['a module that differs', { run: 'other.mjs' }, 1],
  ['a module with a checkpoint', { run: 'same.mjs', params: { n: 3 }, checkpoint: true }, 0],
  ['a command', { cmd: 'echo 3 > ${outs.o}' }, 0],
  ['a command that differs', { cmd: 'date +%s.%N > ${outs.o}' }, 1],
  [
    'a command with a checkpoint',
    { cmd: 'ls ${checkpoint} > ${outs.o}; touch ${checkpoint}/left', checkpoint: true },
    0,
  ],
])('pipe verify says of %s whether two runs make the same', (_, stage, code) => {
  project.write(
    'pipeline.yaml',
    JSON.stringify({ version: 1, stages: { a: { ...stage, outs: { o: 'o.txt' } } } }),
  );
  const ended = project.pipe('verify', 'a');
  expect(ended.stderr).toBe('');
  expect(ended.stdout).toMatch(code === 0 ? /^a: the same twice/ : /^a: not the same twice/);
  expect(ended.code).toBe(code);
});
