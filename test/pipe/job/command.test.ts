/** Values and paths reach a shell byte for byte, wherever a command mentions them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandFiles, launcher } from '../../../src/pipe/job/command.ts';
import type { Job } from '../../../src/pipe/job/job.ts';
import { AttemptsFolder } from '../../kit/attempts.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pipe-command-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const shells = [
  ['bash', ['-euo', 'pipefail']],
  ['sh', ['-eu']],
] as const;

function run(shell: (typeof shells)[number], command: string, values: Record<string, string>, job: Job) {
  const at = { file: 'pipeline.yaml', line: 1, column: 1 };
  const code = { kind: 'command', python: null, command, shell: shell[0], values, at } as const;
  const { script, lists } = commandFiles(code, job, dir, dir);
  const file = join(dir, 'command.sh');
  writeFileSync(file, script);
  for (const [path, text] of lists) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const [name, flags] = shell;
  const { status, stdout, stderr } = spawnSync(name, [...flags, '-c', launcher, name, file], {
    cwd: dir,
    encoding: 'utf8',
    // A bash whose input is a socket takes itself for a remote login and reads its start-up files.
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
  });
  return { status, stdout, stderr };
}

const places = new AttemptsFolder();
const plain = places.attempt({ command: 'true' }).job;
afterAll(() => places.remove());

/** Each prints the value of `params.v` between brackets, in another place of the shell's grammar. */
const contexts = [
  "printf '[%s]' ${params.v}",
  'printf "%s" "[${params.v}]"',
  'x=${params.v}; printf "[%s]" "$x"',
  'printf "[%s]" ""${params.v}""',
  'printf "[%s]" "$(printf "%s." ${params.v})" | sed \'$ s/\\.\\]$/]/\'',
  'case a in a) printf "[%s]" ${params.v} ;; esac',
  'printf "[%s]" "$(case a in a) printf "%s." "${params.v}" ;; esac)" | sed \'$ s/\\.\\]$/]/\'',
  "if true; then printf '[%s]' ${params.v}; fi # it's a comment",
  'f() { printf "[%s]" "$1"; }; f ${params.v}',
  "printf '%s' '[' && cat <<END\n${params.v}]\nEND",
  'echo $(( 1 + 2 )) >/dev/null; printf "[%s]" ${params.v}',
];

const evil = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        "'",
        '"',
        '\n',
        '$',
        '`',
        '\\',
        ';',
        '$(touch PWNED)',
        '*',
        ' ',
        '-n',
        '~',
        '#',
        '!',
        'END',
        'é',
        '\t',
        '\r',
        '&',
        '|',
      ),
    )
    .map((parts) => parts.join('')),
);
/** A NUL can be in no argument of a process; `pipe plan` refuses it. */
const value = evil.filter((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text));

test('any value of a param arrives byte for byte, in bash and in sh, in every place', () => {
  fc.assert(
    fc.property(value, fc.nat(contexts.length - 1), fc.constantFrom(...shells), (text, index, shell) => {
      const { stdout, stderr } = run(shell, contexts[index] ?? '', { 'params.v': text }, plain);
      // A here-document ends with the end of its line.
      expect({ stdout: stdout.replace(/\]\n$/, ']'), stderr }).toEqual({ stdout: `[${text}]`, stderr: '' });
    }),
    {
      numRuns: 150,
      examples: [
        ['a\'b\n$(touch PWNED);"`x`\\', 9, shells[0]],
        ['END\nrm', 9, shells[1]],
      ],
    },
  );
});

test('any path of a dep arrives as one word, and no name of it is read as an option', () => {
  const names = value.filter((text) => text !== '' && !/[/\0]/.test(text) && text !== '.' && text !== '..');
  fc.assert(
    fc.property(fc.array(names, { minLength: 1, maxLength: 3 }), fc.constantFrom(...shells), (all, shell) => {
      const paths = all.map((name) => join(dir, name));
      const items = paths.map((path) => ({ path, axes: {} }));
      const job: Job = { ...plain, deps: { x: { kind: 'gather', items, planned: items.length } } };
      const { stdout } = run(shell, "printf '<%s>' ${deps.x}", {}, job);
      expect(stdout).toBe(all.map((name) => `<${name.startsWith('-') ? './' : ''}${name}>`).join(''));
    }),
    { numRuns: 60, examples: [[['-n', 'a b'], shells[0]]] },
  );
});

test('a gathered dep of 5,000 long paths fits a shell loop and a list, one path per line', () => {
  const items = Array.from({ length: 5_000 }, (_, index) => ({
    path: join(dir, 'cells/some-rather-long-stage-name', `${index}/table.csv`),
    axes: {},
  }));
  const job: Job = { ...plain, deps: { x: { kind: 'gather', items, planned: items.length } } };
  for (const shell of shells) {
    const loop = run(shell, 'n=0; for f in ${deps.x}; do n=$((n+1)); done; echo $n', {}, job);
    expect(loop.stdout).toBe('5000\n');
    const list = run(
      shell,
      'wc -l < ${deps.x.list}; tail -n 1 ${deps.x.list}; echo @${deps.x.list}',
      {},
      job,
    );
    expect(
      list.stdout
        .trim()
        .split('\n')
        .map((line) => line.trim()),
    ).toEqual(['5000', 'cells/some-rather-long-stage-name/4999/table.csv', '@lists/x.txt']);
  }
});
