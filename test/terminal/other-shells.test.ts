/** Completion in zsh and fish as a person gets it: what Tab puts on the line. */
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';
import { hasTmux, Terminal } from '../kit/terminal.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0;
const missing = ['zsh', 'fish'].filter((shell) => !has(shell));
if (missing.length > 0) console.warn(`skipped: no ${missing.join(', no ')} here (apt-get install zsh fish)`);

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe?.remove());
beforeEach(() => {
  project = new CliProject(pipe.file);
  project.write(
    'pipeline.yaml',
    `version: 1
axes: {size: [small, large], seed: [0, 1]}
profiles: {quick: {axes: {seed: [0]}}}
stages:
  measure: {cmd: "echo 1 > \${outs.o}", matrix: [size, seed], outs: {o: o.txt}}
  summarize: {cmd: "cat \${deps.o} > \${outs.o}", deps: {o: measure.o}, outs: {o: o.txt}}
`,
  );
  chmodSync(project.write('bin/pipe', `#!/bin/sh\nexec '${process.execPath}' '${pipe.file}' "$@"\n`), 0o755);
});
afterEach(() => project.remove());

describe.skipIf(!has('zsh') || !hasTmux)('zsh', () => {
  test('Tab completes verbs, flags, profiles, cells with their brackets, and axes', async () => {
    const terminal = new Terminal(project, { pipe: pipe.file, columns: 100, shell: 'zsh -f -i' });
    try {
      terminal.type(
        'autoload -U compinit; compinit -u -D; unsetopt listambiguous; eval "$(pipe completion zsh)"; echo rea""dy\n',
      );
      await terminal.shows(/^ready$/m);
      for (const [typed, completed] of [
        ['pipe stat', 'pipe status'],
        ['pipe run --prof', 'pipe run --profile'],
        ['pipe run --profile qu', 'pipe run --profile quick'],
        ['pipe why summ', 'pipe why summarize'],
        // zsh itself would take the bracket for a pattern.
        ['pipe logs measure\\[small,0', 'pipe logs measure\\[small,0\\]'],
        ['pipe run siz', 'pipe run size='],
        ['pipe run size=la', 'pipe run size=large'],
      ] as const) {
        terminal.type(`${typed}\t`);
        await terminal.shows(`$ ${completed}`);
        terminal.type('\x15\n');
      }
    } finally {
      terminal.close();
    }
  });
});

describe.skipIf(!has('fish'))('fish', () => {
  test('offers verbs, flags, profiles, cells, axes, and files where a file is meant', () => {
    const offered = (line: string) => {
      const { stdout, stderr } = spawnSync(
        'fish',
        ['--no-config', '-c', 'pipe completion fish | source; complete -C $argv[1]', '--', line],
        {
          cwd: project.dir,
          encoding: 'utf8',
          env: { ...process.env, PATH: `${project.dir}/bin:${process.env.PATH}` },
        },
      );
      expect(stderr).toBe('');
      return stdout.trimEnd().split('\n');
    };
    expect(offered('pipe stat')).toEqual(['status']);
    expect(offered('pipe run --prof')).toEqual(['--profile']);
    expect(offered('pipe run --profile ')).toEqual(['quick']);
    expect(offered('pipe logs measure[la')).toEqual(['measure[large,0]', 'measure[large,1]']);
    expect(offered('pipe run size=la')).toEqual(['size=large']);
    expect(offered('pipe run --file pi')).toEqual(['pipeline.yaml']);
  });
});
