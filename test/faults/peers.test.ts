/** What the peers get wrong: each of their failures is a test here, named after it. */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { storedObjects } from '../../src/pipe/store/contents.ts';
import { layoutOf } from '../../src/pipe/store/layout.ts';
import { tryLock } from '../../src/pipe/store/lock.ts';
import { CellsProject } from '../kit/cells.ts';
import { buildPipe, CliProject } from '../kit/cli.ts';

const copy = `version: 1
stages:
  copy: {cmd: 'cat \${deps.in} > \${outs.o}', deps: {in: in.txt}, outs: {o: o.txt}}
`;

describe('in the cache', () => {
  let project: CellsProject;
  beforeEach(() => {
    project = new CellsProject();
    project.write('pipeline.yaml', copy);
    project.write('in.txt', 'a');
  });
  afterEach(() => project.remove());

  test('1. wireit, Nx, DVC: an input edited during a run and later reverted does not make the outs fresh', async () => {
    const run = await project.run({
      during: (_cell, outs) => {
        // The stage read the edited input.
        project.write('in.txt', 'b');
        writeFileSync(outs.o ?? '', 'b');
      },
    });
    expect(run.fates.get('copy')).toBe('dirty-inputs');
    project.write('in.txt', 'a');
    expect((await project.status()).get('copy')?.state).toBe('stale');
    expect((await project.run()).ran).toEqual(['copy']);
    expect(project.read('cache/cells/copy/o.txt')).toBe('a');
  });

  test('2. wireit: a cache entry with a file deleted or damaged is not restored', async () => {
    for (const content of [null, 'X']) {
      await project.run();
      for (const { file } of storedObjects(layoutOf(project.dir))) {
        rmSync(file);
        if (content !== null) writeFileSync(file, content);
      }
      rmSync(join(project.dir, 'cache/cells'), { recursive: true });
      expect((await project.run()).ran).toEqual(['copy']);
      expect(project.read('cache/cells/copy/o.txt')).toBe('a');
    }
  });

  test('3. wireit: an edit of an out that keeps size and mtime is not fresh', async () => {
    await project.run();
    const file = join(project.dir, 'cache/cells/copy/o.txt');
    const then = new Date(Date.now() - 100_000);
    utimesSync(file, then, then);
    expect((await project.status()).get('copy')?.state).toBe('up-to-date');
    writeFileSync(file, 'z');
    utimesSync(file, then, then);
    expect((await project.status()).get('copy')).toMatchObject({
      reasons: [{ kind: 'out-changed', name: 'o' }],
    });
  });

  test('5. DVC: a removed param or dep reruns', async () => {
    const more = copy.replace('deps: {in: in.txt}', 'deps: {in: in.txt, other: other.txt}, params: {p: 1}');
    project.write('other.txt', '');
    project.write('pipeline.yaml', more);
    await project.run();
    for (const gone of [', other: other.txt', ', params: {p: 1}']) {
      project.write('pipeline.yaml', more.replace(gone, ''));
      expect((await project.run()).ran).toEqual(['copy']);
    }
  });

  test('6. Turborepo: an undeclared variable cannot reach the stage, a declared one is in the key', async () => {
    const show = copy.replace('cat ${deps.in}', 'printenv WORD');
    project.write(
      'pipeline.yaml',
      show.replace('printenv WORD', () => 'echo "[$${WORD-}]"'),
    );
    await project.run({ env: { WORD: 'one' } });
    expect(project.read('cache/cells/copy/o.txt')).toBe('[]\n');
    project.write('pipeline.yaml', show.replace('deps:', 'env: {keyed: [WORD]}, deps:'));
    await project.run({ env: { WORD: 'one' } });
    expect((await project.run({ env: { WORD: 'two' } })).ran).toEqual(['copy']);
    expect(project.read('cache/cells/copy/o.txt')).toBe('two\n');
  });

  test('7. DVC: a run on another host that shares the folder does not take a living lock for dead', () => {
    const folder = join(project.dir, 'cache/locks');
    mkdirSync(join(folder, 'copy'), { recursive: true });
    // The same process id lives here too, and means nothing: it is another machine's.
    writeFileSync(join(folder, 'copy', `far-host+far-boot+999999+1+run+abcd`), '');
    expect(tryLock(folder, 'copy', 'here')).toBe(null);
  });

  test('10. wireit, DVC: looking at 1,000 cells that are up to date takes less than 300 ms of processor time', async () => {
    // In memory where there is some: not the disk is measured.
    if (existsSync('/dev/shm')) {
      project.remove();
      project = new CellsProject(mkdtempSync('/dev/shm/pipe-peers-'));
    }
    project.write('in.txt', 'a');
    const many = Array.from({ length: 999 }, (_, i) => i).join(', ');
    project.write(
      'pipeline.yaml',
      `${copy}  many: {cmd: x, matrix: [i], deps: {in: copy.o}, outs: {o: o.txt}}\naxes: {i: [${many}]}\n`,
    );
    const execute = async (_: unknown, job: { outs: Readonly<Record<string, string>> }) =>
      writeFileSync(job.outs.o ?? '', 'x');
    expect((await project.run({ execute })).ran).toHaveLength(1000);
    await project.status();
    const graph = project.graph();
    const before = process.cpuUsage();
    const workspace = project.workspace({ graph });
    const states = [...(await workspace.status()).values()];
    await workspace.close();
    const { user, system } = process.cpuUsage(before);
    expect(states.filter(({ state }) => state !== 'up-to-date')).toEqual([]);
    expect((user + system) / 1_000).toBeLessThan(300);
  });
});

describe('through the command', () => {
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

  const dies = `version: 1
stages:
  work:
    cmd: 'echo half > \${outs.o}; if [ ! -f died ]; then echo $$ > died; sleep 1; kill -9 $PPID; sleep 60; fi; echo whole >> \${outs.o}'
    outs: {o: o.txt}
`;

  test('4. go-task: after kill -9 in the middle of a task it is not up to date', () => {
    project.write('pipeline.yaml', dies);
    expect(project.pipe('run').code).toBe(null);
    expect(existsSync(join(project.dir, 'cache/cells/work'))).toBe(false);
    expect(project.pipe('status', '--check').code).toBe(3);
    expect(project.pipe('run').code).toBe(0);
    expect(project.read('cache/cells/work/o.txt')).toBe('half\nwhole\n');
  });

  test('8. Snakemake: one GPU is never given to two stages at once', () => {
    const stage = (name: string) =>
      `  ${name}: {cmd: 'mkdir busy || exit 9; sleep 0.2; rmdir busy; echo done > \${outs.o}', resources: {gpu: 1}, outs: {o: o.txt}}\n`;
    project.write('pipeline.yaml', `version: 1\nstages:\n${stage('one')}${stage('two')}${stage('three')}`);
    const { code, stderr } = project.pipe('run');
    expect(stderr).not.toContain('failed (');
    expect(code).toBe(0);
  });

  test('9. Snakemake, Nextflow: when the driver dies its stages end, and nothing runs twice at once', () => {
    project.write('pipeline.yaml', dies);
    project.pipe('run');
    const pid = project.read('died').trim();
    // The watchdog needs a moment; a corpse that nobody has buried counts as dead.
    const gone = spawnSync('/bin/sh', [
      '-c',
      `i=0; while grep -q '^State:[[:space:]]*[RSD]' /proc/${pid}/status 2>/dev/null && [ $i -lt 100 ]; do i=$((i+1)); sleep 0.05; done; [ $i -lt 100 ]`,
    ]);
    expect(gone.status).toBe(0);
    expect(project.pipe('run').code).toBe(0);
  });

  test('two runs at once share the work instead of doing it twice', async () => {
    const cells = Array.from({ length: 6 }, (_, i) => i).join(', ');
    project.write(
      'pipeline.yaml',
      `version: 1
axes: {i: [${cells}]}
stages:
  work: {cmd: 'echo \${i} >> ran.txt; sleep 0.2; echo \${i} > \${outs.o}', matrix: [i], outs: {o: o.txt}}
  all: {cmd: 'echo all >> ran.txt; cat \${deps.o} > \${outs.o}', deps: {o: work.o}, outs: {o: o.txt}}
`,
    );
    const runs = await Promise.all(
      [1, 2, 3].map(
        () =>
          new Promise<number | null>((resolve) =>
            spawn(process.execPath, [pipe.file, 'run'], { cwd: project.dir, stdio: 'ignore' }).once(
              'close',
              resolve,
            ),
          ),
      ),
    );
    expect(runs).toEqual([0, 0, 0]);
    expect(project.read('ran.txt').trim().split('\n').sort()).toEqual(['0', '1', '2', '3', '4', '5', 'all']);
  });

  test('secrets are in no file, even when the stage prints them', () => {
    project.write(
      'pipeline.yaml',
      `version: 1
stages:
  fetch: {cmd: 'echo "token $TOKEN"; echo "{\\"type\\":\\"message\\",\\"level\\":\\"info\\",\\"text\\":\\"$TOKEN\\"}" >> "$(sed -n "s/.*\\"events\\": \\"\\(.*\\)\\".*/\\1/p" "$PIPE_JOB")"; test -n "$TOKEN" && echo ok > \${outs.o}', env: {pass: [TOKEN]}, outs: {o: o.txt}}
`,
    );
    const { status, stderr } = spawnSync(process.execPath, [pipe.file, 'run'], {
      cwd: project.dir,
      env: { ...process.env, TOKEN: 'hush-5f3a' },
      encoding: 'utf8',
    });
    expect(stderr).not.toContain('hush-5f3a');
    expect(status).toBe(0);
    const files = readdirSync(project.dir, { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    expect(files.length).toBeGreaterThan(5);
    for (const file of files)
      expect(readFileSync(join(file.parentPath, file.name), 'latin1')).not.toContain('hush-5f3a');
  });
});
