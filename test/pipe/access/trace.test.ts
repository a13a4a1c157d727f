/** `pipe verify --trace`: what a stage opens without declaring it, whatever it is written in. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';
import { Folder } from '../../kit/folder.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const canTrace =
  process.platform === 'linux' && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
const hasPython = spawnSync('python3', ['-c', 'import ast']).status === 0;
let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
let outside: Folder;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  outside = new Folder();
  project = new CliProject(pipe.file, realpathSync(new Folder().dir));
  project.write('data/words.txt', 'a b\n');
  project.write('conf.json', '{"n": 1}\n');
  outside.write('big.bin', 'big');
});
afterEach(() => {
  project.remove();
  outside.remove();
});

/** Stages that read three files; each with the lines that declare them. */
const stages = {
  'a command': {
    write: () => {},
    run: () => `cmd: "cat data/words.txt conf.json ${join(outside.dir, 'big.bin')} > \${outs.o}"`,
  },
  'a stage in TypeScript': {
    write: () =>
      project.write(
        'stages/a.ts',
        `import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { big } from './lib.ts';
export default ({ out }: { out(name: string): string }) => {
  const texts = ['data/words.txt', 'conf.json', big].map((file) => readFileSync(join(file), 'utf8'));
  writeFileSync(out('o'), texts.join(''));
};
`,
      ) && project.write('stages/lib.ts', `export const big = '${outside.dir}/big.bin';\n`),
    run: () => 'run: stages/a.ts',
  },
  'a stage in Python': {
    write: () =>
      project.write(
        'stages/a.py',
        `import json
from pipe_stage import out
from stages.lib import BIG

texts = [open(file).read() for file in ("data/words.txt", "conf.json", BIG)]
out("o").write_text("".join(texts))
`,
      ) && project.write('stages/lib.py', `BIG = "${outside.dir}/big.bin"\n`),
    run: () => 'run: stages/a.py',
  },
};

function pipeline(stage: string, sources = ''): void {
  project.write('pipeline.yaml', `version: 1\n${sources}stages:\n  a: {${stage}, outs: {o: o.txt}}\n`);
}

function trace(...args: readonly string[]) {
  const { code, stdout, stderr } = project.pipe('verify', '--trace', 'a', ...args);
  return { code, stdout, stderr };
}

describe.skipIf(!canTrace)('verify --trace', () => {
  describe.each(Object.entries(stages))('%s', (kind, { write, run }) => {
    test.skipIf(kind.includes('Python') && !hasPython)(
      'that reads three undeclared files is told all three, and nothing is published',
      () => {
        write();
        pipeline(run());
        const { code, stdout, stderr } = trace();
        expect(stderr).toBe('');
        expect(code).toBe(1);
        expect(stdout).toContain('a: opens 3 files that stage a does not declare\n');
        expect(stdout).toMatch(/\n {2}reads +data\/words\.txt +deps: \{words: data\/words\.txt\}\n/);
        expect(stdout).toMatch(/\n {2}reads +conf\.json +deps: \{conf: \.\/conf\.json\}\n/);
        expect(stdout).toContain(
          `sources: {big: {paths: [${outside.dir}/big.bin]}} and deps: {big: source.big}\n`,
        );
        expect(stdout.split('\n')).toHaveLength(5);
        expect(project.has('cache/cells/a')).toBe(false);
        expect(project.has('cache/manifests')).toBe(false);
      },
    );

    test.skipIf(kind.includes('Python') && !hasPython)(
      'that declares everything, by the lines that were printed, is told nothing',
      () => {
        write();
        const deps = 'deps: {words: data/words.txt, conf: ./conf.json, big: source.big}';
        pipeline(`${run()}, ${deps}`, `sources: {big: {paths: ["${outside.dir}/big.bin"]}}\n`);
        const { code, stdout } = trace();
        expect(stdout).toBe('a: declares all that it opens\n');
        expect(code).toBe(0);
      },
    );
  });

  test('a file that a stage writes beside its outs is listed, also when it was there; what it removes again is not', () => {
    project.write('log.txt', 'old\n');
    project.write('gone.txt', 'old\n');
    pipeline(
      'cmd: "echo 1 > tmp.txt; rm tmp.txt gone.txt; echo 2 >> log.txt; echo 3 > new.txt.part; mv new.txt.part new.txt; cat new.txt > ${outs.o}"',
    );
    const { code, stdout } = trace();
    expect(code).toBe(1);
    expect(stdout).toContain('opens 3 files');
    expect(stdout).toMatch(/ {2}writes +gone\.txt /);
    expect(stdout).toMatch(/ {2}writes +log\.txt +outs: \{log: \{path: log\.txt, place: log\.txt\}\}/);
    expect(stdout).toMatch(/ {2}writes +new\.txt /);
  });

  test('what it reads back of what it wrote itself, also below /tmp, is no input', () => {
    pipeline('cmd: "t=$(mktemp); echo 1 > $t; cat $t > ${outs.o}; cat ${outs.o}; rm $t"');
    expect(trace().stdout).toBe('a: declares all that it opens\n');
  });

  test("another stage's out is named as such, by its place too", () => {
    project.write(
      'pipeline.yaml',
      `version: 1
axes: {n: [1, 2]}
stages:
  made: {cmd: "echo 1 > \${outs.t}", outs: {t: {path: t.csv, place: results/t.csv}}}
  each: {cmd: "echo \${n} > \${outs.t}", matrix: [n], outs: {t: t.csv}}
  a: {cmd: "cat results/t.csv cache/cells/each@2/t.csv > \${outs.o}; cat cache/cells/a/o.txt || true", outs: {o: o.txt}}
`,
    );
    for (const target of [['made', 'each'], ['a']]) expect(project.pipe('run', ...target).code).toBe(0);
    const { stdout } = trace();
    expect(stdout).toMatch(/results\/t\.csv +deps: \{t: made\.t\}/);
    expect(stdout).toMatch(/cache\/cells\/each@2\/t\.csv +deps: \{t_2: each\.t\}/);
    expect(stdout).toMatch(/cache\/cells\/a\/o\.txt +its own out of an earlier run/);
  });

  test('a folder whose files are listed and read is one dep: a new file in it would count too', () => {
    project.write('images/1.txt', '1');
    project.write('images/2.txt', '2');
    pipeline('cmd: "ls images | wc -l > ${outs.o}; cat images/*.txt >> ${outs.o}"');
    expect(trace().stdout).toMatch(/opens 1 file .*\n {2}reads +images\/ +deps: \{images: \.\/images\}\n$/);
    pipeline('cmd: "cat images/*.txt > ${outs.o}", deps: {images: ./images}');
    expect(trace().stdout).toBe('a: declares all that it opens\n');
  });

  test('a dep behind a link is declared by the link', () => {
    symlinkSync(outside.dir, join(project.dir, 'link'));
    pipeline(
      'cmd: "cat link/big.bin > ${outs.o}", deps: {big: source.big}',
      'sources: {big: {paths: [link/big.bin]}}\n',
    );
    expect(trace().stdout).toBe('a: declares all that it opens\n');
    pipeline('cmd: "cat link/big.bin > ${outs.o}"');
    expect(trace().stdout).toMatch(/reads +link\/big\.bin /);
  });

  test('a name with spaces, quotes and letters beyond ASCII is given as YAML reads it', () => {
    mkdirSync(join(project.dir, 'data/ü "d'));
    writeFileSync(join(project.dir, 'data/ü "d/a, b.txt'), '');
    pipeline(`cmd: 'cat "data/ü \\"d/a, b.txt" > \${outs.o}'`);
    const { stdout } = trace();
    expect(stdout).toContain(`deps: {a_b: ${JSON.stringify('data/ü "d/a, b.txt')}}`);
  });

  test.skipIf(!hasPython)('code that Python loads in a way that cannot be followed goes under code', () => {
    project.write('plug/one.py', 'X = 1\n');
    project.write('plug/two.py', 'X = 1\n');
    project.write(
      'stages/a.py',
      `from pipe_stage import out
import importlib
name = "plug.one" + ""
out("o").write_text(str(importlib.import_module(name).X))
`,
    );
    pipeline('run: stages/a.py, code: [plug/two.py]');
    expect(trace().stdout).toMatch(/reads +plug\/one\.py +code: \[plug\/one\.py\]\n$/);
    pipeline('run: stages/a.py, code: [plug/*.py]');
    expect(trace().stdout).toBe('a: declares all that it opens\n');
  });

  test.skipIf(!hasPython)(
    'a script in Python that a command runs goes under code, and with it what it imports',
    () => {
      project.write('lib/one.py', 'X = 1\n');
      project.write('tool.py', 'import sys\nfrom lib.one import X\nopen(sys.argv[1], "w").write(str(X))\n');
      pipeline('cmd: "python3 tool.py ${outs.o}"');
      expect(trace().stdout).toMatch(/reads +tool\.py +code: \[tool\.py\]\n/);
      pipeline('cmd: "python3 tool.py ${outs.o}", code: [tool.py]');
      expect(trace().stdout).toBe('a: declares all that it opens\n');
    },
  );

  test.skipIf(!hasPython)('a virtual environment in the project is its interpreter’s own, not data', () => {
    const made = spawnSync('python3', ['-m', 'venv', '--without-pip', 'env'], { cwd: project.dir });
    expect(made.status).toBe(0);
    project.write('a.py', 'from pipe_stage import out\nout("o").write_text("1")\n');
    project.write(
      'pipeline.yaml',
      'version: 1\npython: {venv: env}\nstages:\n  a: {run: a.py, outs: {o: o.txt}}\n',
    );
    expect(trace().stdout).toBe('a: declares all that it opens\n');
  });

  test('--json gives the same to scripts; a failing stage is an error with the end of its log', () => {
    pipeline('cmd: "cat data/words.txt > ${outs.o}"');
    const { stdout, code } = trace('--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      {
        cell: 'a',
        undeclared: [
          { path: 'data/words.txt', what: 'read', folder: false, line: 'deps: {words: data/words.txt}' },
        ],
      },
    ]);
    pipeline('cmd: "echo no luck; exit 3"');
    const failed = trace();
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('no luck');
  });
});

test('without strace it says so with the next step', () => {
  pipeline('cmd: "echo 1 > ${outs.o}"');
  project.env = { PATH: '/nowhere' };
  const { code, stderr } = trace();
  expect(code).toBe(2);
  expect(stderr).toMatch(
    process.platform === 'linux' ? /needs strace.*\n.*apt-get install strace/ : /Linux only/,
  );
});
