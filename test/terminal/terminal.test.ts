/** The command in a real terminal, driven by tmux as a person types: the live view, a watch, completion, at two widths. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';
import { hasTmux, Terminal } from '../kit/terminal.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const pipeline = `version: 1
title: In a terminal
axes: {size: [small, large], seed: [0, 1]}
profiles: {quick: {axes: {seed: [0]}}}
stages:
  measure: {run: measure.mjs, matrix: [size, seed], outs: {o: o.txt}}
  summarize: {cmd: "cat \${deps.o} > \${outs.o}", deps: {o: measure.o}, outs: {o: o.txt}}
`;
/** Works until its file is there. */
const measure = (word: string, dir: string) => `import { existsSync, writeFileSync } from 'node:fs';
export default async ({ out, progress, metric }) => {
  for (let i = 1; !existsSync('${dir}/go'); i++) {
    progress(Math.min(i, 999), 1000, 'epochs');
    metric('a_metric_with_a_name_that_is_rather_long', 1 / i, i);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  writeFileSync(out('o'), '${word}\\n');
};
`;

describe.skipIf(!hasTmux).each([80, 200])('a terminal of %i columns', (columns) => {
  let pipe: Awaited<ReturnType<typeof buildPipe>>;
  let project: CliProject;
  let terminal: Terminal;
  beforeAll(async () => {
    pipe = await buildPipe();
  });
  afterAll(() => pipe?.remove());
  beforeEach(() => {
    project = new CliProject(pipe.file);
    project.write('pipeline.yaml', pipeline);
    project.write('measure.mjs', measure('1', project.dir));
    terminal = new Terminal(project, { pipe: pipe.file, columns });
  });
  afterEach(() => {
    terminal.close();
    project.remove();
  });

  test('the live view is a few lines that fit, and leaves the end of the run alone on the screen', async () => {
    terminal.type('pipe run -j 2\n');
    const during = await terminal.shows(/measure\[small,0\][^\n]*epochs/);
    expect(during).toMatch(/measure .*4/);
    const lines = during.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(14);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    project.write('go', '');
    const after = await terminal.shows('5 done, 0 cached, 0 failed');
    expect(after).not.toContain('epochs');
    // The prompt is back and the cursor with it: what is typed is seen.
    terminal.type('echo still here\n');
    await terminal.shows(/^still here$/m);
  });

  test('a watch runs again after an edit, and Ctrl-C ends it', async () => {
    project.write('go', '');
    terminal.type('pipe run --watch\n');
    await terminal.shows(/watching \d+ files/);
    project.write('measure.mjs', measure('2', project.dir));
    await terminal.shows(/watching[\s\S]*watching/);
    expect(project.read('cache/cells/summarize/o.txt')).toBe('2\n2\n2\n2\n');
    terminal.type('\x03');
    terminal.type('echo ended\n');
    await terminal.shows(/^ended$/m);
  });

  test('Tab completes verbs, flags, profiles, cells and runs', async () => {
    project.write('go', '');
    expect(project.pipe('run', '-q').code).toBe(0);
    project.pipe('runs', 'name', 'latest', 'first-try');
    terminal.type('eval "$(pipe completion bash)"\n');
    for (const [typed, completed] of [
      ['pipe stat\t', 'pipe status '],
      ['pipe run --prof\tqu\t', 'pipe run --profile quick '],
      ['pipe why summ\t', 'pipe why summarize '],
      ['pipe logs measure[la\t1\t', 'pipe logs measure[large,1] '],
      ['pipe show fi\t', 'pipe show first-try '],
      ['pipe run siz\tla\t', 'pipe run size=large '],
    ] as const) {
      // Each part after the last has been completed: a person waits for it as well.
      const parts = typed.split('\t').slice(0, -1);
      for (const [i, part] of parts.entries()) {
        terminal.type(`${part}\t`);
        if (i < parts.length - 1) await terminal.shows(/(?:--profile|measure\[large,|size=) ?$/m);
      }
      await terminal.shows(`$ ${completed.trimEnd()}`);
      terminal.type('\x15\n');
    }
  });
});
