/** Installed packages of a stage in Python: by version, or by content where a version says nothing. Laid out as pip does it. */
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';
import { Folder } from '../../kit/folder.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const hasPython = spawnSync('python3', ['-c', 'import venv']).status === 0;
let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
let elsewhere: Folder;
/** Where the environment of the project has its packages, relative to the project. */
let packages: string;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new CliProject(pipe.file, realpathSync(new Folder().dir));
  elsewhere = new Folder(realpathSync(new Folder().dir));
  if (!hasPython) return;
  const made = spawnSync('python3', ['-m', 'venv', '--without-pip', 'env'], { cwd: project.dir });
  expect(made.status).toBe(0);
  const where = 'import sysconfig; print(sysconfig.get_paths()["purelib"])';
  const { stdout } = spawnSync('env/bin/python', ['-c', where], { cwd: project.dir, encoding: 'utf8' });
  packages = relative(project.dir, stdout.trim());
  project.write(
    'pipeline.yaml',
    'version: 1\npython: {venv: env}\nstages:\n  a: {run: a.py, outs: {o: o.txt}}\n',
  );
});
afterEach(() => {
  project.remove();
  elsewhere.remove();
});

/** What pip writes beside an installed package. */
function install(name: string, version: string, more: Readonly<Record<string, string>> = {}): void {
  const info = join(packages, `${name}-1.dist-info`);
  project.write(join(info, 'METADATA'), `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`);
  for (const [file, text] of Object.entries(more)) project.write(join(info, file), text);
}

/** The wait lets what was written before be believed. */
async function stdoutOf(...args: readonly string[]): Promise<string> {
  await sleep(40);
  const { code, stdout, stderr } = project.pipe(...args);
  expect(code, stdout + stderr).toBe(0);
  return stdout + stderr;
}

describe.skipIf(!hasPython)('what is installed', () => {
  test('an editable package counts by its content, and `why` names its file', async () => {
    elsewhere.write('own/__init__.py', 'from own.inner import x\n');
    elsewhere.write('own/inner.py', 'x = "1"\n');
    install('own', '1.0', {
      'direct_url.json': JSON.stringify({ url: `file://${elsewhere.dir}`, dir_info: { editable: true } }),
      RECORD: '__editable__.own-1.0.pth,,\nown-1.dist-info/METADATA,,\n',
    });
    project.write(join(packages, '__editable__.own-1.0.pth'), `${elsewhere.dir}\n`);
    project.write('a.py', 'from own import x\nfrom pipe_stage import out\nout("o").write_text(x)\n');
    await stdoutOf('run');
    elsewhere.write('own/inner.py', '# A comment.\nx = "1"\n');
    expect(await stdoutOf('run')).toMatch(/up to date: 1 cell/);
    elsewhere.write('own/inner.py', 'x = "2"\n');
    expect(await stdoutOf('why', 'a')).toMatch(/own\/inner\.py changed .*via a\.py → .*own\/__init__\.py → /);
    await stdoutOf('run');
    expect(project.read('cache/cells/a/o.txt')).toBe('2');
  });

  test('a package that was built from a folder counts by what was installed of it, under the same version', async () => {
    project.write(join(packages, 'built/__init__.py'), 'x = "1"\n');
    const record = (digest: string) => ({
      'direct_url.json': JSON.stringify({ url: `file://${elsewhere.dir}`, dir_info: {} }),
      RECORD: `built/__init__.py,sha256=${digest},8\nbuilt-1.dist-info/METADATA,,\n`,
    });
    install('built', '1.0', record('one'));
    project.write('a.py', 'from built import x\nfrom pipe_stage import out\nout("o").write_text(x)\n');
    await stdoutOf('run');
    expect(await stdoutOf('run')).toMatch(/up to date: 1 cell/);
    // As pip installs: what was there is removed first.
    spawnSync('rm', ['-r', 'built-1.dist-info'], { cwd: join(project.dir, packages) });
    install('built', '1.0', record('two'));
    expect(await stdoutOf('why', 'a')).toMatch(/built.*1\.0 \(local \w+\) → 1\.0 \(local \w+\)/);
  });

  test('a package from an index counts by its version, one that is installed later is seen', async () => {
    project.write(join(packages, 'far/__init__.py'), 'x = "1"\n');
    const record = { RECORD: 'far/__init__.py,,\nfar-1.dist-info/METADATA,,\n' };
    install('far', '1.0', record);
    project.write('a.py', 'from far import x\nfrom pipe_stage import out\nout("o").write_text(x)\n');
    await stdoutOf('run');
    project.write(join(packages, 'far/__init__.py'), 'x = "2"\n');
    expect(await stdoutOf('run')).toMatch(/up to date: 1 cell/);
    spawnSync('rm', ['-r', 'far-1.dist-info'], { cwd: join(project.dir, packages) });
    install('far', '2.0', record);
    expect(await stdoutOf('why', 'a')).toMatch(/far.*1\.0 → 2\.0/);
  });

  test('a docstring counts where a package may act on it, and not where it is known not to', async () => {
    const use = (name: string) => `import ${name}\nfrom pipe_stage import out\nout("o").write_text("1")\n`;
    for (const name of ['grammar', 'numpy']) {
      project.write(join(packages, `${name}/__init__.py`), '');
      install(name, '1.0', { RECORD: `${name}/__init__.py,,\n` });
    }
    project.write('a.py', `"""One."""\n${use('numpy')}`);
    await stdoutOf('run');
    project.write('a.py', `"""Two."""\n${use('numpy')}`);
    expect(await stdoutOf('run')).toMatch(/up to date: 1 cell/);
    project.write('a.py', `"""One."""\n${use('grammar')}`);
    await stdoutOf('run');
    project.write('a.py', `"""Two."""\n${use('grammar')}`);
    expect(await stdoutOf('why', 'a')).toMatch(/a\.py changed/);
  });
});
