/**
 * The experiment of docs/how-to/from-snakemake.md with Snakemake and with pipe: how long a run takes in which nothing is to
 * do, one after a change of a helper module, and one after a comment in it; and how much of the work runs again.
 * Prints the table that stands on that page. Snakemake: `apt-get install snakemake`; numpy for python3.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { filesOf } from '../test/kit/page-files.ts';

const root = resolve('.'); // `npm run` starts it there;
const page = readFileSync(join(root, 'docs/how-to/from-snakemake.md'), 'utf8');
const rounds = 3;

interface Tool {
  readonly name: string;
  readonly command: readonly string[];
  /** How many pieces of work a run did, out of what it printed. */
  done(printed: string): number;
}

const tools: readonly Tool[] = [
  {
    name: 'Snakemake',
    command: ['snakemake', '-j2'],
    done: (printed) => (printed.match(/^rule (?!all)\w+:$/gm) ?? []).length,
  },
  {
    name: 'pipe',
    command: [process.execPath, join(root, 'dist/pipe.cjs'), 'run', '--jobs', '2'],
    done: (printed) => Number(/(\d+) done, \d+ cached/.exec(printed)?.[1] ?? 0),
  },
];

const helper = 'lib/ridge.py';
const changes: readonly (readonly [string, (text: string, round: number) => string])[] = [
  ['nothing changed', (text) => text],
  ['a comment in `lib/ridge.py`', (text, round) => `# Comment ${round}.\n${text}`],
  [
    '`fit` in `lib/ridge.py` changed',
    (text, round) => text.replace('return np.linalg', `strength += ${round + 1}e-6\n    return np.linalg`),
  ],
];

function measure(tool: Tool): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'pipe-compare-'));
  try {
    for (const [path, text] of filesOf(page)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const original = readFileSync(join(folder, helper), 'utf8');
    const run = () => {
      const [file = '', ...args] = tool.command;
      const began = performance.now();
      const { status, stdout, stderr } = spawnSync(file, args, { cwd: folder, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${tool.name} failed:\n${stdout}${stderr}`);
      return { ms: performance.now() - began, done: tool.done(stdout + stderr) };
    };
    run();
    return changes.map(([name, change]) => {
      const times: number[] = [];
      let done = 0;
      for (let round = 0; round < rounds; round++) {
        const text = change(original, round);
        if (name !== 'nothing changed') {
          writeFileSync(join(folder, helper), text);
          // Whole seconds later, so that no tool that goes by times misses it.
          const later = Date.now() / 1000 + round + 1;
          utimesSync(join(folder, helper), later, later);
        }
        const one = run();
        times.push(one.ms);
        done = one.done;
      }
      times.sort((a, b) => a - b);
      return `${((times[1] ?? 0) / 1000).toFixed(1)} s, ${done} of 13`;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const version = execFileSync('snakemake', ['--version'], { encoding: 'utf8' }).trim();
const measured = tools.map((tool) => ({ ...tool, cells: measure(tool) }));
console.log(`Snakemake ${version}, node ${process.version}, medians of ${rounds}\n`);
console.log(
  `| | ${measured.map(({ name }) => name).join(' | ')} |\n|---|${measured.map(() => '---|').join('')}`,
);
for (const [index, [name]] of changes.entries())
  console.log(`| ${name} | ${measured.map(({ cells }) => cells[index]).join(' | ')} |`);
