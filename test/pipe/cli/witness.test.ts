/** A run that knows from its witness that nothing has changed must notice whatever the whole look would notice. */
import {
  cpSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';

const pipeline = `version: 1
axes: {n: [1, 2]}
sources: {data: {paths: [data/first.txt, data/second.txt]}}
stages:
  copy: {cmd: "cp \${deps.in} \${outs.o}", matrix: [n], deps: {in: "in/\${n}.txt"}, outs: {o: o.txt}}
  placed: {cmd: "cat \${deps.all} > \${outs.o}", deps: {all: copy.o}, outs: {o: {path: o.txt, place: results/all.txt}}}
  folder: {cmd: "ls \${deps.in} > \${outs.o}; mkdir \${outs.d}; echo x > \${outs.d}/x", deps: {in: tree}, outs: {o: o.txt, d: d}}
  keyed: {cmd: 'printenv WORD > \${outs.o} || true', env: {keyed: [WORD]}, outs: {o: o.txt}}
  tool: {cmd: "echo > \${outs.o}", tools: {t: "cat tool.txt"}, outs: {o: o.txt}}
  sourced: {cmd: "cp \${deps.in} \${outs.o}", deps: {in: source.data}, outs: {o: o.txt}}
  module: {run: stages/module.ts, outs: {o: o.txt}}
`;
const files: Readonly<Record<string, string>> = {
  'pipeline.yaml': pipeline,
  'in/1.txt': 'one\n',
  'in/2.txt': 'two\n',
  'tree/a/b.txt': 'b\n',
  'tree/c.txt': 'c\n',
  'tool.txt': 'version 1\n',
  'data/second.txt': 'data\n',
  'package.json': '{"type": "module"}\n',
  'stages/module.ts': `import { writeFileSync } from 'node:fs';
import { word } from './word';
export default ({ out }: { out(name: string): string }) => writeFileSync(out('o'), word);
`,
  'stages/word.ts': "export const word = 'hello';\n",
};

/** A time that can be put back to the nanosecond. */
const wholeSecond = 1_000_000_000;

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  pipe = await buildPipe();
  project = new CliProject(pipe.file);
  for (const [path, text] of Object.entries(files)) project.write(path, text);
  utimesSync(join(project.dir, 'in/2.txt'), wholeSecond, wholeSecond);
  project.env = { WORD: 'a' };
});
afterAll(() => {
  project.remove();
  pipe.remove();
});

/** Whether a run ended without a look at the plan, which it would have remembered anew. */
function stoodStill(where = project): boolean {
  const index = join(where.dir, 'cache/index');
  for (const name of readdirSync(index)) if (name.startsWith('plan-')) rmSync(join(index, name));
  const { code, stderr } = where.pipe('run');
  expect(stderr).not.toMatch(/\n {4}at /);
  expect(code).toBe(0);
  return !readdirSync(index).some((name) => name.startsWith('plan-'));
}

/** Runs until a run writes a witness: the next one then stands still, if nothing changes. */
async function settle(): Promise<void> {
  for (const file of witnesses()) rmSync(file);
  for (let round = 0; round < 5; round++) {
    await setTimeout(60);
    project.pipe('run');
    if (witnesses().length > 0) return;
  }
  throw new Error('it does not come to rest');
}

const anOut = () => join(project.dir, 'cache/cells/copy@1/o.txt');
const witnesses = () => {
  const index = join(project.dir, 'cache/index');
  if (!existsSync(index)) return [];
  return readdirSync(index)
    .filter((name) => name.startsWith('witness-'))
    .map((name) => join(index, name));
};

test('a run after one that had nothing to do reads neither the plan nor any record', async () => {
  await settle();
  expect(stoodStill()).toBe(true);
  expect(project.pipe('run').stderr).toMatch(/^✓ up to date: 8 cells/);
});

const changes: readonly (readonly [string, () => void])[] = [
  ['a dep is edited', () => project.write('in/1.txt', 'uno\n')],
  [
    'a dep is edited, and its size and mtime put back',
    () => {
      project.write('in/2.txt', 'owt\n');
      utimesSync(join(project.dir, 'in/2.txt'), wholeSecond, wholeSecond);
    },
  ],
  [
    'a folder on the way to a dep becomes a link',
    () => {
      renameSync(join(project.dir, 'in'), join(project.dir, 'in-real'));
      symlinkSync('in-real', join(project.dir, 'in'));
    },
  ],
  ['an out is edited', () => writeFileSync(anOut(), 'xxx\n')],
  ['an out is deleted', () => rmSync(anOut())],
  ['a file is put into an out that is a folder', () => project.write('cache/cells/folder/d/y', 'mine')],
  ['an out is edited where it is placed', () => project.write('results/all.txt', 'mine\n')],
  ['a file deep in a folder dep is edited', () => project.write('tree/a/b.txt', 'B\n')],
  ['a file is put into a folder dep', () => project.write('tree/a/new.txt', 'new\n')],
  ['a .pipeignore appears above a folder dep', () => project.write('.pipeignore', 'c.txt\n')],
  ['a variable in a key has another value', () => (project.env = { WORD: 'b' })],
  ['a variable in a key is no longer set', () => (project.env = {})],
  ['PATH is another one', () => (project.env = { PATH: `${process.env.PATH}:/nowhere` })],
  ['a tool says something else', () => project.write('tool.txt', 'version 2\n')],
  ['a source turns up at an earlier place', () => project.write('data/first.txt', 'better data\n')],
  [
    'a file that a module imports is edited',
    () => project.write('stages/word.ts', "export const word = 'hi';\n"),
  ],
  [
    'a file appears that an import would mean',
    () => project.write('stages/word.js', "export const word = 'js';\n"),
  ],
  [
    'a package.json appears beside a module',
    () => project.write('stages/package.json', '{"type": "module"}\n'),
  ],
  ['the pipeline file is edited', () => project.edit('pipeline.yaml', (text) => `${text}# more\n`)],
  ['the report is deleted', () => rmSync(join(project.dir, 'reports/index.html'))],
];

test.each(changes)('the next run looks when %s', async (_what, change) => {
  await settle();
  change();
  expect(stoodStill()).toBe(false);
  // Behind a link there is no witness.
  if (!existsSync(join(project.dir, 'in-real'))) return;
  rmSync(join(project.dir, 'in'));
  renameSync(join(project.dir, 'in-real'), join(project.dir, 'in'));
});

test('a flipped bit of a witness, or one that another user wrote, is not believed', async () => {
  await settle();
  for (const file of witnesses()) {
    const content = project.read(file.slice(project.dir.length + 1));
    writeFileSync(file, Buffer.from(content, 'latin1').fill(1, 100, 101));
  }
  expect(stoodStill()).toBe(false);
  await settle();
  const before = project.env;
  project.env = { ...before, XDG_STATE_HOME: join(project.dir, 'other-user') };
  expect(stoodStill()).toBe(false);
  project.env = before;
});

test('a witness says nothing in another project, though its files are the same', async () => {
  await settle();
  const other = new CliProject(pipe.file);
  other.env = project.env;
  cpSync(project.dir, other.dir, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  expect(stoodStill(other)).toBe(false);
  other.remove();
});

test('--force, --json and a summary for a workflow are never cut short', async () => {
  await settle();
  expect(project.pipe('run', '--json').stdout.split('\n').length).toBeGreaterThan(8);
  expect(project.pipe('run', '--json').stdout.split('\n').length).toBeGreaterThan(8);
  expect(project.pipe('run', 'keyed', '--force').stderr).toMatch(/1 done/);
  expect(project.pipe('run', 'keyed', '--force').stderr).toMatch(/1 done/);
});

test('what was written while a run looked is in no witness', async () => {
  const other = new CliProject(pipe.file);
  // The tool is asked while the run looks, and writes the dep anew, with the same bytes.
  other.write(
    'pipeline.yaml',
    `version: 1
stages:
  a: {cmd: 'cp \${deps.in} \${outs.o}', deps: {in: in.txt}, outs: {o: o.txt}, tools: {t: 'cp same.txt in.txt; echo 1'}}
`,
  );
  other.write('same.txt', 'same\n');
  other.write('in.txt', 'same\n');
  for (let round = 0; round < 3; round++) {
    await setTimeout(60);
    expect(other.pipe('run').code).toBe(0);
  }
  expect(other.pipe('run').stderr).toMatch(/up to date/);
  expect(readdirSync(join(other.dir, 'cache/index')).filter((name) => name.startsWith('witness-'))).toEqual(
    [],
  );
  other.remove();
});

test('only the newest witnesses stay', async () => {
  await settle();
  for (let n = 0; n < 12; n++) {
    const old = project.write(`cache/index/witness-${n}`, 'old');
    utimesSync(old, 1_000_000, 1_000_000);
  }
  const before = witnesses().length;
  project.pipe('run', '--jobs', '1');
  expect(before).toBe(13);
  expect(witnesses().length).toBe(8);
});
