/** `pipe cache gc --shared`, on a folder and on a bucket: what goes, what stays, and that nothing goes that was only to be shown. */
import { execFileSync } from 'node:child_process';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';
import { nginxHere, startFolder, startNginx, startS3, type TestRemote } from '../../kit/remotes.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
const projects: CliProject[] = [];
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => {
  pipe.remove();
  for (const project of projects) project.remove();
});

/** `same` is of one content in every version, `own` of one per version, `below` is known once its upstream is. */
const pipeline = (version: string) => `version: 1
stages:
  same: {cmd: "echo same > \${outs.o}; true ${version}", outs: {o: o.txt}}
  own: {cmd: "echo ${version} > \${outs.o}; mkdir \${outs.f}; echo in ${version} > \${outs.f}/x", outs: {o: o.txt, f: folder}}
  below: {cmd: "cat \${deps.o} \${deps.o} > \${outs.o}", deps: {o: own.o}, outs: {o: o.txt}}
`;

function checkout(remote: TestRemote, version: string): CliProject {
  const project = new CliProject(pipe.file);
  projects.push(project);
  project.write('pipeline.yaml', pipeline(version));
  project.env = { ...remote.env, PIPE_REMOTE: remote.url };
  return project;
}

describe.each([
  { name: 'a folder', start: startFolder },
  { name: 'S3', start: startS3 },
])('gc --shared of $name', { timeout: 180_000 }, ({ start }) => {
  let remote: TestRemote;
  let project: CliProject;
  beforeAll(async () => {
    remote = await start();
    project = checkout(remote, 'one');
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
        cwd: project.dir,
        stdio: 'ignore',
      });
    git('init');
    for (const version of ['one', 'two', 'three']) {
      project.write('pipeline.yaml', pipeline(version));
      expect(project.pipe('run', '--no-report').stderr).toContain('3 results sent to');
      git('add', 'pipeline.yaml');
      git('commit', '-m', version);
      git('tag', version);
    }
  }, 120_000);
  afterAll(async () => {
    await remote.stop();
  });

  const everything = () =>
    readdirSync(remote.data, { recursive: true, encoding: 'utf8' })
      .filter((path) => /[0-9a-f]{64}/.test(path))
      .sort();
  const gc = (...args: readonly string[]) => project.pipe('cache', 'gc', '--shared', ...args);
  const sizes = (stdout: string) => {
    const { done, removed } = JSON.parse(stdout);
    return { done, ...removed, bytes: undefined };
  };
  /** How many of the three cells of a version a fresh checkout is given. */
  const restored = (version: string) => {
    const { code, stderr } = checkout(remote, version).pipe('run', '--no-report', '--remote-read-only');
    expect(code, stderr).toBe(0);
    return Number(/(\d+) cached/.exec(stderr)?.[1]);
  };

  test('what is young stays, whatever reaches it', () => {
    const { code, stdout } = gc('-y');
    expect(stdout).toContain('would remove 0 results and 0 contents');
    expect(code).toBe(0);
    expect(restored('two')).toBe(3);
  });

  test('a dry run removes nothing, and says what would go', () => {
    const before = everything();
    const shown = gc('-n', '--keep-days', '0', '--revision', 'one', '--json');
    // Of `two` alone: its three results, a text, a text twice, a listing and what it lists. `same` is in the others too.
    expect(sizes(shown.stdout)).toEqual({ done: false, results: 3, contents: 4 });
    expect(shown.code).toBe(0);
    // Without a terminal and without --yes nothing goes either.
    expect(gc('--keep-days', '0').code).not.toBe(null);
    expect(everything()).toEqual(before);
  });

  test('a revision that is none removes nothing', () => {
    const before = everything();
    const { code, stderr } = gc('-y', '--keep-days', '0', '--revision', 'none-such');
    expect(stderr).toContain('none-such is no revision of this repository');
    expect(code).toBe(2);
    expect(everything()).toEqual(before);
  });

  test('what the plans of named revisions and of today reach stays, what is old and reached by none goes', () => {
    const [day, now] = [86_400, Date.now() / 1000];
    for (const path of readdirSync(remote.data, { recursive: true, encoding: 'utf8' }))
      utimesSync(join(remote.data, path), now - 40 * day, now - 40 * day);
    const swept = gc('-y', '--revision', 'one', '--json');
    expect(sizes(swept.stdout)).toEqual({ done: true, results: 3, contents: 4 });
    expect(swept.code).toBe(0);
    expect([restored('one'), restored('two'), restored('three')]).toEqual([3, 0, 3]);
    const again = gc('-y', '--revision', 'one', '--json');
    expect(sizes(again.stdout)).toEqual({ done: false, results: 0, contents: 0 });
  });

  test('a revision that is not named any more lets go of what it alone reaches', () => {
    expect(sizes(gc('-y', '--json').stdout)).toEqual({ done: true, results: 3, contents: 4 });
    expect([restored('one'), restored('three')]).toEqual([0, 3]);
  });
});

test('an HTTP server evicts by its own rules, and gc says so', async (context) => {
  const nginx = nginxHere();
  context.skip('why' in nginx, 'why' in nginx ? nginx.why : '');
  const remote = await startNginx();
  try {
    const project = checkout(remote, 'one');
    const { code, stderr } = project.pipe('cache', 'gc', '--shared', '-y');
    expect(stderr).toContain('cannot be cleaned from here');
    expect(code).toBe(2);
  } finally {
    await remote.stop();
  }
});
