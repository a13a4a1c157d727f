/** How the command line treats its reader, the terminal and the user's files. */
import { spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { verbs } from '../../../src/pipe/cli/verbs.ts';
import { buildPipe, CliProject } from '../../kit/cli.ts';

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

const wide = `version: 1
axes: {n: [${Array.from({ length: 3000 }, (_, n) => n).join(', ')}]}
stages:
  say: {cmd: "echo \${n} > \${outs.o}", matrix: [n], outs: {o: o.txt}}
`;

test.each([['ls'], ['ls --json'], ['plan --cells'], ['dag --cells'], ['why say --json']])(
  'a reader that goes away ends `pipe %s` quietly',
  (verb) => {
    project.write('pipeline.yaml', wide);
    const command = `"${process.execPath}" "${pipe.file}" ${verb} | head -1 >/dev/null; exit "\${PIPESTATUS[0]}"`;
    const { stderr, status } = spawnSync('bash', ['-c', command], { cwd: project.dir, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  },
);

test('a folder for the output that is missing is an error with the next step, not a stack', () => {
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {cmd: "echo > ${outs.o}", outs: {o: o}}}\n');
  const { code, stderr } = project.pipe('report', '--markdown', 'no/such/page.md');
  expect(code).toBe(1);
  expect(stderr).toMatch(/no\/such\/page\.md/);
  expect(stderr).toMatch(/next/);
  expect(stderr).not.toMatch(/\n {4}at /);
});

test('a file where the folder of the output belongs is an error with the next step, not a stack', () => {
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {cmd: "echo > ${outs.o}", outs: {o: o}}}\n');
  project.write('reports', 'mine');
  const { code, stderr } = project.pipe('report');
  expect(code).toBe(1);
  expect(stderr).toMatch(/next: .*move it away/);
  expect(stderr).not.toMatch(/\n {4}at /);
  expect(project.read('reports')).toBe('mine');
});

test('escape sequences of a stage reach neither the screen of the run nor `logs`, `status` and `metrics`', () => {
  const evil = '\\033]0;owned\\007\\033[2Jhello\\033[31m';
  project.write(
    'pipeline.yaml',
    `version: 1
stages:
  a: {cmd: "printf '${evil}\\\\n'; exit 3", outs: {o: o}}
  b: {run: b.mjs, outs: {m: {path: m.json, report: metrics}}}
`
      .replaceAll('\\033', '\\\\033')
      .replaceAll('\\007', '\\\\007'),
  );
  project.write(
    'b.mjs',
    `import { writeFileSync } from 'node:fs';
export default ({ out, info }) => {
  info('\\x1b]0;owned\\x07said');
  writeFileSync(out('m'), JSON.stringify({ '\\x1b[2Jscore': 1 }));
};
`,
  );
  const ran = project.pipe('run', '-k', '-v');
  const texts = [ran, project.pipe('logs', 'a'), project.pipe('logs', 'b'), project.pipe('metrics', 'b')];
  texts.push(project.pipe('status'), project.pipe('why', 'a'));
  for (const { stdout, stderr } of texts) expect(stdout + stderr).not.toMatch(/[\x1b\x07\x9b]/);
  expect(project.pipe('logs', 'a').stdout).toBe('hello\n');
  expect(project.pipe('metrics', 'b').stdout).toMatch(/score/);
});

test('a mistake in a file is shown without the escape sequences that the file holds', () => {
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {cmd: "true", "x\\u001b[2J": 1, outs: {o: o}}}\n');
  const { code, stderr } = project.pipe('status');
  expect(code).toBe(2);
  expect(stderr).not.toContain('\x1b');
});

test('init writes a .gitignore that names what is made again, and adds nothing to one that is there', () => {
  expect(project.pipe('init').code).toBe(0);
  expect(project.read('.gitignore')).toMatch(/^cache\/\nreports\/$/m);
  const other = new CliProject(pipe.file);
  try {
    other.write('.gitignore', 'mine\n');
    const { stdout } = other.pipe('init');
    expect(other.read('.gitignore')).toBe('mine\n');
    expect(stdout).toMatch(/add cache\/ and reports\//);
  } finally {
    other.remove();
  }
});

test('a cache folder ignores itself, whatever the project ignores', () => {
  project.write('pipeline.yaml', 'version: 1\nstages: {a: {cmd: "echo > ${outs.o}", outs: {o: o}}}\n');
  spawnSync('git', ['init', '-q'], { cwd: project.dir });
  project.pipe('run');
  const { stdout } = spawnSync('git', ['status', '--porcelain', '-uall'], {
    cwd: project.dir,
    encoding: 'utf8',
  });
  expect(stdout).not.toContain('cache/');
});

test.each(Object.keys(verbs))('`pipe %s --help` shows an example', (verb) => {
  const { stdout, code } = project.pipe(verb, '--help');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Examples:\n {2}pipe|Examples:\n {2}\S/);
});

test('a verb, a flag, a stage and a profile that are nearly right are answered with the right one', () => {
  project.write(
    'pipeline.yaml',
    'version: 1\nprofiles: {paper: {}}\nstages: {train: {cmd: "echo > ${outs.o}", outs: {o: o}}}\n',
  );
  expect(project.pipe('stauts').stderr).toMatch(/did you mean `status`/);
  expect(project.pipe('run', '--jbos', '2').stderr).toMatch(/did you mean `--jobs`/);
  expect(project.pipe('run', 'trian').stderr).toMatch(/did you mean `train`/);
  expect(project.pipe('run', '--profile', 'papre').stderr).toMatch(/did you mean `paper`/);
});
