/** A cache, or a whole project folder, that came from elsewhere runs no code because somebody looks at it. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { sha256Of } from '../../src/lib/sha256.ts';
import { buildPipe, CliProject } from '../kit/cli.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
let home: string;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new CliProject(pipe.file);
  home = mkdtempSync(join(tmpdir(), 'pipe-home-'));
});
afterEach(() => {
  project.remove();
  rmSync(home, { recursive: true, force: true });
});

/** As a user with another home than the one whose cache it is. */
function asAnother(...args: readonly string[]) {
  const { CI, GITHUB_ACTIONS, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [pipe.file, ...args], {
    cwd: project.dir,
    encoding: 'utf8',
    env: { ...env, HOME: home, XDG_STATE_HOME: join(home, 'state'), NO_COLOR: '1' },
  });
  return { code: status, said: stdout + stderr };
}

const withTool = `version: 1
stages:
  a: {cmd: 'echo a > \${outs.o}', tools: {mine: 'touch PWNED; echo 1'}, outs: {o: o.txt}}
`;
const index = () => join(project.dir, 'cache/index');
const plans = () => readdirSync(index()).filter((name) => name.startsWith('plan-'));

/** As anybody can write it: with a right checksum in every form that the index has or had. */
function forge(file: string, change: (body: string) => string): void {
  const text = readFileSync(file, 'utf8');
  const first = /^[0-9a-f]{64}\n/.test(text);
  const body = change(first ? text.slice(65) : text.slice(0, -66));
  writeFileSync(file, first ? `${sha256Of(body)}\n${body}` : `${body}\n${sha256Of(body)}\n`);
}

test('a forged plan in the index is not believed', () => {
  project.write('pipeline.yaml', withTool.replace('touch PWNED; ', ''));
  expect(project.pipe('run').code).toBe(0);
  for (const name of plans())
    forge(join(index(), name), (body) =>
      body.replace('echo 1', 'touch PWNED; echo 1').replace('echo a', 'touch PWNED; echo a'),
    );
  for (const verb of ['status', 'report', 'ls', 'run']) project.pipe(verb);
  expect(project.has('PWNED')).toBe(false);
});

test("another user's plan is not believed, and one's own is", () => {
  project.write('pipeline.yaml', withTool.replace('touch PWNED; ', ''));
  expect(project.pipe('run').code).toBe(0);
  const [name = ''] = plans();
  const ours = readFileSync(join(index(), name), 'utf8');
  const { ino } = statSync(join(index(), name));
  expect(project.pipe('status').code).toBe(0);
  expect(statSync(join(index(), name)).ino).toBe(ino);
  expect(asAnother('run').code).toBe(0);
  expect(readFileSync(join(index(), name), 'utf8')).not.toBe(ours);
});

test('a patched build of the same version does not use the plan of the build before it', () => {
  project.write('pipeline.yaml', withTool.replace('touch PWNED; ', ''));
  // Beside the original, where packages are found.
  const patched = `${dirname(pipe.file)}-patched`;
  cpSync(dirname(pipe.file), patched, { recursive: true });
  try {
    expect(project.pipe('ls').code).toBe(0);
    expect(plans()).toHaveLength(1);
    const other = new CliProject(join(patched, basename(pipe.file)), project.dir);
    expect(other.pipe('ls').code).toBe(0);
    expect(plans()).toHaveLength(2);
  } finally {
    rmSync(patched, { recursive: true });
  }
});

const stage = `import { writeFileSync } from 'node:fs';
export default ({ out }: { out(name: string): string }) => writeFileSync(out('o'), 'good');
`;
const withModule = 'version: 1\nstages:\n  a: {run: a.ts, outs: {o: o.txt}}\n';

test('a forged trace with a bundle of its own is not run', () => {
  project.write('pipeline.yaml', withModule);
  project.write('a.ts', stage);
  expect(project.pipe('run').code).toBe(0);
  const [bundle = ''] = readdirSync(join(project.dir, 'cache/code'));
  const file = join(project.dir, 'cache/code', bundle, 'index.mjs');
  const good = sha256Of(readFileSync(file));
  const bad = readFileSync(file, 'utf8').replace('good', 'evil');
  writeFileSync(file, bad);
  forge(join(index(), 'code.json'), (body) => body.replaceAll(good, sha256Of(bad)));
  expect(project.pipe('run', '--force').code).toBe(0);
  expect(project.read('cache/cells/a/o.txt')).toBe('good');
});

test('a bundle is checked by its content before it runs, whatever the index says of its digest', () => {
  project.write('pipeline.yaml', withModule);
  project.write('a.ts', stage);
  expect(project.pipe('run').code).toBe(0);
  const [bundle = ''] = readdirSync(join(project.dir, 'cache/code'));
  const path = join(project.dir, 'cache/code', bundle, 'index.mjs');
  const good = sha256Of(readFileSync(path));
  writeFileSync(path, readFileSync(path, 'utf8').replace('good', 'evil'));
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  const line = `${good} ${dev}.${ino}.${size}.${mtimeNs}.${ctimeNs} ${JSON.stringify(path)}\n`;
  const body = `${project.read('cache/index/digests').slice(0, -65)}${line}`;
  writeFileSync(join(index(), 'digests'), `${body}${sha256Of(body)}\n`);
  expect(project.pipe('run', '--force').code).toBe(0);
  expect(project.read('cache/cells/a/o.txt')).toBe('good');
});

test.each(['status', 'report', 'ls', 'plan', 'why a', 'metrics', 'cache gc --dry-run'])(
  '`pipe %s` runs no tools command of a pipeline that this user has not run, and says so where it matters',
  (line) => {
    project.write('pipeline.yaml', withTool);
    asAnother(...line.split(' '));
    expect(project.has('PWNED')).toBe(false);
    expect(asAnother('status').said).toContain('was not run, because you have not run this pipeline before');
    expect(asAnother('run').code).toBe(0);
    rmSync(join(project.dir, 'PWNED'));
    expect(asAnother('status', '--check').code).toBe(0);
    expect(project.has('PWNED')).toBe(true);
  },
);

test('gc keeps every result of a cell whose key cannot be known, as when its tools command was not run', () => {
  project.write('pipeline.yaml', withTool);
  expect(project.pipe('run').code).toBe(0);
  rmSync(join(project.dir, 'cache/state'), { recursive: true });
  const { said } = asAnother('cache', 'gc', '--yes', '--keep-days', '0', '--keep-runs', '0');
  expect(said).toContain('every result of 1 cell whose key cannot be known now');
  expect(said).toMatch(/would remove 0 results and 0 objects/);
});

test.each(['pipeline.yaml', 'cache/index/digests', 'cache/index/code.json', 'plan', 'cache/state/a.json'])(
  'a named pipe at %s does not hang the driver',
  (where) => {
    project.write('pipeline.yaml', withModule);
    project.write('a.ts', stage);
    expect(project.pipe('run').code).toBe(0);
    const path = join(project.dir, where === 'plan' ? `cache/index/${plans()[0]}` : where);
    rmSync(path);
    mkdirSync(dirname(path), { recursive: true });
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    const { status, signal, stderr } = spawnSync(process.execPath, [pipe.file, 'run'], {
      cwd: project.dir,
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(signal).toBe(null);
    if (where === 'pipeline.yaml') expect(stderr).toContain('pipeline.yaml is a named pipe');
    else expect(status).toBe(0);
  },
);
