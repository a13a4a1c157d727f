/** `pipe cache gc` removes only what nobody can still want, and says so before it does. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
const others: CliProject[] = [];
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new CliProject(pipe.file);
});
afterEach(() => {
  for (const one of [project, ...others.splice(0)]) one.remove();
});

function another(): CliProject {
  const one = new CliProject(pipe.file);
  others.push(one);
  return one;
}

/** `ran.txt` counts the runs of the stage. */
const pipeline = (more = '') => `version: 1
params: {v: 1}
profiles: {paper: {params: {v: 100}}}
stages:
  a: {cmd: 'echo x >> ran.txt; echo "$V" > \${outs.o}', env: {set: {V: "\${params.v}"}}, outs: {o: o.txt}}
${more}`;
/** Nothing that ran is kept because it ran. */
const bare = ['--yes', '--keep-days', '0', '--keep-runs', '0'];
const gc = (one = project, ...flags: readonly string[]) => one.pipe('cache', 'gc', ...bare, ...flags);
const timesRun = (one = project) => one.read('ran.txt').trim().split('\n').length;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(20);
}

test('what a declared profile reaches is kept, whichever profile ran last', () => {
  project.write('pipeline.yaml', pipeline());
  expect(project.pipe('run', '--profile', 'paper').code).toBe(0);
  expect(project.pipe('run').code).toBe(0);
  expect(gc().code).toBe(0);
  expect(project.pipe('run', '--profile', 'paper').code).toBe(0);
  expect(timesRun()).toBe(2);
});

test('what a run of the last days used is kept, also of params that no profile declares', () => {
  project.write('pipeline.yaml', pipeline());
  for (const v of ['7', '8', '1']) expect(project.pipe('run', '--set', `v=${v}`).code).toBe(0);
  expect(project.pipe('cache', 'gc', '--yes', '--keep-runs', '0').code).toBe(0);
  for (const v of ['7', '8']) expect(project.pipe('run', '--set', `v=${v}`).code).toBe(0);
  expect(timesRun()).toBe(3);
  expect(gc().code).toBe(0);
  expect(project.pipe('run', '--set', 'v=7').code).toBe(0);
  expect(timesRun()).toBe(4);
});

test('what is in place or ran of late in another checkout that shares objects and manifests is kept', () => {
  project.write('pipeline.yaml', pipeline());
  expect(project.pipe('run').code).toBe(0);
  const other = another();
  other.write('pipeline.yaml', pipeline());
  mkdirSync(join(other.dir, 'cache'));
  for (const name of ['objects', 'manifests'])
    symlinkSync(join(project.dir, 'cache', name), join(other.dir, 'cache', name));
  for (const v of ['7', '8']) expect(other.pipe('run', '--set', `v=${v}`).code).toBe(0);
  expect(project.pipe('cache', 'gc', '--yes', '--keep-days', '0', '--keep-runs', '2').code).toBe(0);
  for (const v of ['7', '8']) expect(other.pipe('run', '--set', `v=${v}`).code).toBe(0);
  expect(timesRun(other)).toBe(2);
  expect(gc().code).toBe(0);
  for (const v of ['8', '7']) expect(other.pipe('run', '--set', `v=${v}`).code).toBe(0);
  expect(timesRun(other)).toBe(3);
});

test.each(['cache/objects', 'cache'])('what another checkout reaches that shares %s is kept', (shared) => {
  project.write('pipeline.yaml', pipeline());
  expect(project.pipe('run').code).toBe(0);
  const other = another();
  other.write('pipeline.yaml', pipeline().replace('v: 1}', 'v: 2}'));
  if (shared !== 'cache') mkdirSync(join(other.dir, 'cache'));
  symlinkSync(join(project.dir, shared), join(other.dir, shared));
  expect(other.pipe('run').code).toBe(0);
  expect(project.pipe('run').code).toBe(0);
  const before = timesRun(other);
  expect(gc().code).toBe(0);
  expect(other.pipe('cache', 'verify').code).toBe(0);
  for (const folder of ['cells', 'state']) other.write(`cache/${folder}/.x`, '');
  expect(other.pipe('run', '--set', 'v=3').code).toBe(0);
  expect(other.pipe('run').code).toBe(0);
  expect(timesRun(other)).toBe(before + 1);
});

test('while a checkout that shares the store cannot be seen nothing is removed, until it is said to be gone', () => {
  project.write('pipeline.yaml', pipeline());
  expect(project.pipe('run', '--set', 'v=5').code).toBe(0);
  expect(project.pipe('run').code).toBe(0);
  const other = another();
  other.write('pipeline.yaml', pipeline());
  mkdirSync(join(other.dir, 'cache'));
  symlinkSync(join(project.dir, 'cache/objects'), join(other.dir, 'cache/objects'));
  expect(other.pipe('run', '--set', 'v=2').code).toBe(0);
  other.remove();
  const refused = gc();
  expect(refused.stderr).toContain(`${other.dir} uses this store too and cannot be seen now`);
  expect(refused.code).toBe(1);
  expect(JSON.parse(gc(project, '--dry-run', '--json').stdout)).toMatchObject({ lost: [other.dir] });
  const done = gc(project, '--forget-missing', '--json');
  expect(JSON.parse(done.stdout)).toMatchObject({ done: true, removed: { manifests: 1, objects: 2 } });
});

test('what is in place for another pipeline file is kept, also when it is out of date', () => {
  project.write('pipeline.yaml', pipeline());
  project.write('other.yaml', pipeline());
  expect(project.pipe('run', '--file', 'other.yaml', '--set', 'v=9').code).toBe(0);
  expect(project.pipe('run').code).toBe(0);
  expect(gc().code).toBe(0);
  expect(project.pipe('run', '--file', 'other.yaml', '--set', 'v=9').code).toBe(0);
  expect(project.pipe('run', '--set', 'v=9').code).toBe(0);
  expect(timesRun()).toBe(2);
});

test('it shows what would go and how long that took to find; without a terminal and --yes it removes nothing and says so', () => {
  project.write('pipeline.yaml', pipeline());
  for (const v of ['7', '1']) expect(project.pipe('run', '--set', `v=${v}`).code).toBe(0);
  const asked = project.pipe('cache', 'gc', ...bare.slice(1));
  expect(asked.stdout).toMatch(/would remove 1 result and 1 object, 2 B; 1 result, 2 B stay/);
  expect(asked.stdout).toMatch(/kept: what pipeline.yaml \(profiles paper\) reach/);
  expect(asked.stdout).toMatch(/found in \d+(\.\d+)? m?s/);
  expect(asked.stderr).toContain('nothing was removed: there is no terminal to ask at');
  expect(asked.code).toBe(2);
  expect(project.pipe('run', '--set', 'v=7').code).toBe(0);
  expect(timesRun()).toBe(2);
});

test('beside a run at work, its staged outs and its finished upstream stay', async () => {
  const more = `  b:
    cmd: 'echo half > \${outs.o}; touch began; while [ ! -f go ]; do sleep 0.05; done; cat \${deps.a} >> \${outs.o}'
    deps: {a: a.o}
    outs: {o: o.txt}
  c: {cmd: 'cat \${deps.a} \${deps.b} > \${outs.o}', deps: {a: a.o, b: b.o}, outs: {o: o.txt}}
`;
  project.write('pipeline.yaml', pipeline(more));
  // Params of no profile, so that only the run itself can keep what it makes.
  const run = project.start('run', '--set', 'v=42');
  await until(() => project.has('began'));
  // A cell of the running graph only: no pipeline has it any more while it runs.
  project.write('pipeline.yaml', pipeline().replace('  a:', '  other:'));
  expect(gc().code).toBe(0);
  project.write('go', '');
  const { code, stderr } = await run.ended;
  expect(stderr).not.toContain('failed (');
  expect(code).toBe(0);
  project.write('pipeline.yaml', pipeline(more));
  expect(project.read('cache/cells/c/o.txt')).toBe('42\nhalf\n42\n');
  expect(project.pipe('cache', 'verify').code).toBe(0);
  expect(project.pipe('run', '--set', 'v=42').code).toBe(0);
  expect(timesRun()).toBe(1);
});

test.each(['staging', 'cells', 'quarantine', 'runs', 'state'])(
  'a link at cache/%s is not followed: what it leads to stays',
  (name) => {
    const outside = another();
    outside.write('old@1/mine.txt', 'mine');
    outside.write('dirty-x/mine.txt', 'mine');
    outside.write('20200101-000000-aaaa/events.jsonl', '');
    outside.write('20200102-000000-aaaa/events.jsonl', '');
    outside.write('old@1.json', 'mine');
    project.write('pipeline.yaml', pipeline());
    mkdirSync(join(project.dir, 'cache'));
    symlinkSync(outside.dir, join(project.dir, 'cache', name));
    const { code, stdout } = gc();
    expect(code).toBe(0);
    expect(stdout).toContain(`not swept: ${join(project.dir, 'cache', name)} is a link`);
    expect(readdirSync(outside.dir)).toHaveLength(5);
    expect(readdirSync(join(outside.dir, 'old@1'))).toEqual(['mine.txt']);
  },
);

test('what a user added to the outs of a cell that is gone is kept aside, and it is said where', () => {
  project.write(
    'pipeline.yaml',
    pipeline(
      '  b: {cmd: "echo b > ${outs.o}", outs: {o: o.txt}}\n  c: {cmd: "echo c > ${outs.o}", outs: {o: o.txt}}\n',
    ),
  );
  expect(project.pipe('run').code).toBe(0);
  project.write('cache/cells/b/NOTES.md', '3 hours');
  project.write('pipeline.yaml', pipeline());
  const { stdout } = gc();
  const [, aside = ''] = /kept aside, because it is not what its stage made: (\S+)/.exec(stdout) ?? [];
  expect(project.read(`${aside}/NOTES.md`)).toBe('3 hours');
  expect(existsSync(join(project.dir, 'cache/cells/c'))).toBe(false);
  expect(stdout.match(/kept aside/g)).toHaveLength(1);
});

test('records and logs of old runs go, those of pinned and tagged runs stay', () => {
  project.write('pipeline.yaml', pipeline());
  expect(project.pipe('run').code).toBe(0);
  const [now = ''] = readdirSync(join(project.dir, 'cache/runs'));
  for (const [day, mark] of [
    ['01', null],
    ['02', 'pinned'],
    ['03', 'tag'],
  ] as const) {
    project.write(`cache/runs/202001${day}-000000-aaaa/events.jsonl`, '');
    if (mark !== null) project.write(`cache/runs/202001${day}-000000-aaaa/${mark}`, '');
  }
  expect(project.pipe('cache', 'gc', '--yes', '--keep-runs', '0').code).toBe(0);
  expect(readdirSync(join(project.dir, 'cache/runs')).sort()).toEqual([
    '20200102-000000-aaaa',
    '20200103-000000-aaaa',
    now,
  ]);
});

test('a folder whose paths are longer than the system takes ends no gc', () => {
  project.write('pipeline.yaml', pipeline());
  let folder = join(project.dir, 'cache/staging/old');
  mkdirSync(folder, { recursive: true });
  const start = process.cwd();
  try {
    // Deeper than any path can say: made step by step.
    for (let depth = 0; depth < 40; depth++) {
      process.chdir(folder);
      folder = 'x'.repeat(200);
      mkdirSync(folder);
    }
    writeFileSync('file', '');
  } finally {
    process.chdir(start);
  }
  const { code, stderr } = gc();
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(readdirSync(join(project.dir, 'cache/staging'))).toEqual([]);
  expect(readdirSync(join(project.dir, 'cache')).filter((name) => name.startsWith('.trash'))).toEqual([]);
});
