/** The tutorial in Python: what it tells to type prints what it shows, after the edits that it tells to make. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { buildPipe, CliProject } from './kit/cli.ts';
import { consoleOf } from './kit/page-files.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const page = readFileSync(join(root, 'docs/tutorial.md'), 'utf8');
const hasPython = spawnSync('python3', ['-c', 'import ast']).status === 0;
const canTrace =
  process.platform === 'linux' && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

/** What is edited before the command of that number, from 0 on. */
const edits: Readonly<Record<number, (project: CliProject) => void>> = {
  3: (project) => {
    const edit = (from: string, to: string) =>
      project.edit('lib/descent.py', (text) => text.replace(from, to));
    edit('"""By a and by b."""', '"""Another docstring."""');
    edit('def gradient', '# A comment.\ndef unused():\n    return 1\n\n\ndef gradient');
    expect(project.pipe('run').stderr).toMatch(/up to date: 10 cells/);
    edit('momentum * v', 'momentum * v * 0.99');
    expect(project.pipe('why', 'data').stdout).not.toContain('must run');
  },
  4: (project) => {
    project.edit('lib/descent.py', (text) => text.replace(' * 0.99', ''));
    expect(project.pipe('run').stderr).toMatch(/up to date: 10 cells/);
    project.edit('pipeline.yaml', (text) => text.replace('steps: 60', 'steps: 80'));
  },
  7: (project) => {
    project.write('notes.txt', 'a note\n');
    project.edit('stages/train.py', (text) => `${text}open("notes.txt").read()\n`);
  },
  8: (project) => project.edit('pipeline.yaml', (text) => text.replace('steps: 80', 'stesp: 80')),
};

test.skipIf(!hasPython || !canTrace)(
  'docs/tutorial.md, from its first command to its last',
  async () => {
    const pipe = await buildPipe();
    const project = new CliProject(pipe.file);
    try {
      const commands = consoleOf(page);
      expect(commands).toHaveLength(9);
      for (const [index, { command, printed }] of commands.entries()) {
        edits[index]?.(project);
        const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
          ([, quoted, plain]) => quoted ?? plain ?? '',
        );
        expect(words.slice(0, 2)).toEqual(['npx', 'pipe']);
        const { stdout, stderr } = project.pipe(...words.slice(2));
        expect(stdout + stderr, command).toMatch(printed);
      }
      project.edit('pipeline.yaml', (text) =>
        text.replace('stesp: 80', 'steps: 60').replace('[0, 1, 2]', '[0, 1, 2, 3]'),
      );
      project.edit('stages/train.py', (text) => text.replace('open("notes.txt").read()\n', ''));
      expect(project.pipe('run').stderr).toMatch(/4 done, 9 cached/);
    } finally {
      project.remove();
      pipe.remove();
    }
  },
  600_000,
);
