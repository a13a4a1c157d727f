/** Two checkouts and one remote, of each kind: what one computed the other does not, and its report has the same digits. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';
import { nginxHere, startFolder, startNginx, startS3, type TestRemote } from '../../kit/remotes.ts';

const nginx = nginxHere();
const kinds = [
  { name: 'a folder', start: startFolder, skip: null },
  { name: 'nginx', start: startNginx, skip: 'why' in nginx ? nginx.why : null },
  { name: 'S3', start: startS3, skip: null },
];

let pipe: ReturnType<typeof buildPipe> extends Promise<infer Built> ? Built : never;
const projects: CliProject[] = [];
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => {
  pipe.remove();
  for (const project of projects) project.remove();
});

/** Every out is random: the same digits mean that they were taken. */
const pipeline = `version: 1
axes: {seed: [0, 1, 2, 3]}
stages:
  make:
    cmd: "od -An -N8 -tu8 /dev/urandom > \${outs.o}; mkdir \${outs.f}; echo \${seed} > \${outs.f}/seed; head -c 100000 /dev/urandom > \${outs.f}/noise"
    matrix: [seed]
    outs: {o: o.txt, f: folder}
  sum:
    cmd: "cat \${deps.o} > \${outs.o}; echo '{\\"digits\\": '$(cat \${outs.o} | tr -dc 0-9 | head -c 12)'}' > \${outs.m}"
    deps: {o: make.o}
    outs: {o: sum.txt, m: {path: metrics.json, report: metrics}}
`;

function checkout(remote: TestRemote): CliProject {
  const project = new CliProject(pipe.file);
  projects.push(project);
  project.write('pipeline.yaml', pipeline);
  project.env = { ...remote.env, PIPE_REMOTE: remote.url };
  return project;
}

describe.each(kinds)('through $name', ({ start, skip }) => {
  let remote: TestRemote;
  beforeAll(async () => {
    if (skip === null) remote = await start();
  });
  afterAll(async () => {
    await remote?.stop();
  });

  test('the second checkout runs nothing, and its report has the same digits', (context) => {
    context.skip(skip !== null, skip ?? '');
    const [first, second] = [checkout(remote), checkout(remote)];
    const made = first.pipe('run');
    expect(made.stderr).toContain('5 results sent to');
    expect(made.code).toBe(0);
    const taken = second.pipe('run');
    expect(taken.stderr).toMatch(/make: 4 restored from/);
    expect(taken.stderr).toContain('0 done, 5 cached');
    expect(taken.code).toBe(0);
    expect(second.read('cache/cells/sum/sum.txt')).toBe(first.read('cache/cells/sum/sum.txt'));
    const digits = (project: CliProject) =>
      /"digits":\s*(\d+)/.exec(project.read('cache/cells/sum/metrics.json'))?.[1] ?? 'none';
    expect(second.read('reports/index.html')).toContain(digits(first));
  });

  test('both at once: each cell runs once or twice, and nobody gets half', async (context) => {
    context.skip(skip !== null, skip ?? '');
    const two = [checkout(remote), checkout(remote)];
    // Of a key that nobody has made yet.
    for (const project of two) project.edit('pipeline.yaml', (text) => text.replace('-N8', '-N7'));
    const ended = await Promise.all(two.map((project) => project.start('run').ended));
    for (const { code, stderr } of ended) {
      expect(stderr).toContain('0 failed, 0 not run');
      expect(code).toBe(0);
    }
    for (const project of two) {
      expect(project.pipe('cache', 'verify').stdout).toContain('all sound');
      expect(project.pipe('status', '--check').code).toBe(0);
    }
  });

  test('what was lost there is a miss', (context) => {
    context.skip(skip !== null, skip ?? '');
    const files = readdirSync(remote.data, { recursive: true, encoding: 'utf8' });
    const objects = files.filter((file) => /[0-9a-f]{64}/.test(file) && file.includes('cas'));
    expect(objects.length).toBeGreaterThan(5);
    for (const file of objects)
      try {
        writeFileSync(join(remote.data, file), readFileSync(join(remote.data, file)).subarray(1));
      } catch {
        // A folder of that name.
      }
    const third = checkout(remote);
    const { code, stderr } = third.pipe('run');
    expect(stderr).toMatch(/the remote .* (failed|is given up)/);
    expect(stderr).toContain('5 done, 0 cached, 0 failed');
    expect(code).toBe(0);
  });
});
