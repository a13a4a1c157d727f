/** What a user leaves in a folder of outs is never lost. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';
import { Pipeline } from '../kit/pipeline.ts';

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

const pipeline = (place: string) => `version: 1
params: {v: 1}
stages:
  a:
    cmd: "mkdir -p \${outs.d}; echo \${params.v} > \${outs.d}/f.txt; echo same > \${outs.d}/g.txt"
    outs: {d: {path: d, place: ${place}}}
`;

/** Where the run said that a file is kept, with what is in it. */
function kept(output: string, path: string): string {
  const at = /kept in (\S+)/.exec(output.slice(output.indexOf(path)))?.[1] ?? 'nowhere';
  return project.has(at) ? project.read(at) : `${at} is not there`;
}

describe.each([
  { where: 'where an out is placed', folder: 'results' },
  { where: "in the cell's folder", folder: 'cache/cells/a/d' },
])('$where', ({ folder }) => {
  beforeEach(() => {
    project.write('pipeline.yaml', pipeline('results'));
    expect(project.pipe('run').code).toBe(0);
  });

  test('a file that the user added is kept when the stage runs again, and the run says where', () => {
    project.write(`${folder}/NOTES.md`, '3 hours');
    const { code, stdout, stderr } = project.pipe('run', '--set', 'v=2');
    expect(code).toBe(0);
    expect(kept(`${stdout}${stderr}`, `${folder}/NOTES.md`)).toBe('3 hours');
    expect(project.read(`${folder}/f.txt`)).toBe('2\n');
  });

  test('a file that the user edited is kept when its out is put back', () => {
    project.write(`${folder}/f.txt`, 'edited');
    const { code, stdout, stderr } = project.pipe('run');
    expect(code).toBe(0);
    expect(kept(`${stdout}${stderr}`, `${folder}/f.txt`)).toBe('edited');
    expect(project.read(`${folder}/f.txt`)).toBe('1\n');
  });

  test('a folder that the user added is kept when an earlier result is put back', () => {
    expect(project.pipe('run', '--set', 'v=2').code).toBe(0);
    project.write(`${folder}/mine/one.txt`, 'one');
    const { code, stdout, stderr } = project.pipe('run');
    expect(code).toBe(0);
    const output = `${stdout}${stderr}`;
    const at = /kept in (\S+)/.exec(output.slice(output.indexOf(`${folder}/mine`)))?.[1] ?? '';
    expect(project.read(`${at}/one.txt`)).toBe('one');
  });

  test('nothing is kept aside that the stage itself made', () => {
    expect(project.pipe('run', '--set', 'v=2').code).toBe(0);
    expect(project.pipe('run').code).toBe(0);
    expect(project.has('cache/quarantine') ? readdirSync(join(project.dir, 'cache/quarantine')) : []).toEqual(
      [],
    );
  });
});

test.each([
  { step: 'swap-out', folder: 'cache/cells/a/d' },
  { step: 'swap-in', folder: 'cache/cells/a/d' },
  { step: 'place-out', folder: 'results' },
  { step: 'place-in', folder: 'results' },
])(
  'a run that is killed right after $step loses no file of the user, and the next one says where it is',
  ({ step, folder }) => {
    project.write('pipeline.yaml', pipeline('results'));
    expect(project.pipe('run').code).toBe(0);
    project.write(`${folder}/NOTES.md`, '3 hours');
    project.env = { PIPE_FAULT: `after:${step}` };
    expect(project.pipe('run', '--set', 'v=2').code).toBe(null);
    project.env = {};
    const { code, stdout, stderr } = project.pipe('run', '--set', 'v=2');
    expect(code).toBe(0);
    expect(kept(`${stdout}${stderr}`, `${folder}/NOTES.md`)).toBe('3 hours');
    expect(project.read(`${folder}/f.txt`)).toBe('2\n');
    expect(readdirSync(join(project.dir, 'cache/quarantine'))).toHaveLength(1);
  },
);

test('what lies at a new place is kept, and so is what was added at the old one', () => {
  project.write('pipeline.yaml', pipeline('results'));
  expect(project.pipe('run').code).toBe(0);
  project.write('results/NOTES.md', 'old place');
  project.write('elsewhere/mine.txt', 'new place');
  project.write('pipeline.yaml', pipeline('elsewhere'));
  const { code, stdout, stderr } = project.pipe('run');
  expect(code).toBe(0);
  expect(project.read('results/NOTES.md')).toBe('old place');
  expect(kept(`${stdout}${stderr}`, 'elsewhere/mine.txt')).toBe('new place');
  expect(project.read('elsewhere/f.txt')).toBe('1\n');
});

test('outs of a frozen stage are put where a place is added, moved or emptied later', async () => {
  const pipeline = new Pipeline(project.dir);
  const text = (more: string, out = '') =>
    `version: 1\nstages:\n  a: {cmd: 'echo 1 > \${outs.o}', ${more}outs: {o: {path: o.txt${out}}}}\n`;
  project.write('pipeline.yaml', text(''));
  await pipeline.run();
  const frozen = 'frozen: kept, ';
  project.write('pipeline.yaml', text(frozen));
  await pipeline.run();
  for (const place of ['here/o.txt', 'there/o.txt']) {
    project.write('pipeline.yaml', text(frozen, `, place: ${place}`));
    await pipeline.run();
    expect(project.read(place)).toBe('1\n');
  }
  rmSync(join(project.dir, 'there'), { recursive: true });
  await pipeline.run();
  expect(project.read('there/o.txt')).toBe('1\n');
});

test('outs of a frozen stage are kept in the store: their folder may be deleted', () => {
  project.write('cache/cells/old/weights.bin', 'trained once');
  project.write(
    'pipeline.yaml',
    `version: 1
stages:
  old: {cmd: 'false', frozen: 'made elsewhere', outs: {weights: weights.bin}}
  use: {cmd: 'cat \${deps.weights} > \${outs.file}', deps: {weights: old.weights}, outs: {file: file.txt}}
`,
  );
  expect(project.pipe('run').code).toBe(0);
  expect(project.read('cache/cells/use/file.txt')).toBe('trained once');
  for (const folder of ['cells', 'state', 'index'])
    rmSync(join(project.dir, 'cache', folder), { recursive: true });
  expect(project.pipe('run').code).toBe(0);
  expect(project.read('cache/cells/use/file.txt')).toBe('trained once');
  expect(project.read('cache/cells/old/weights.bin')).toBe('trained once');
});
