/** Each rule of docs/reference/diagnostics.md: a file that breaks it, where it points, what it says. */
import { describe, expect, test } from 'vitest';
import { check, places } from './marked.ts';

interface Case {
  readonly rule: string;
  readonly what: string;
  /** `«` stands where the diagnostic must point. */
  readonly text: string;
  readonly says: RegExp;
  readonly hint?: RegExp;
}

const head = 'version: 1\n';
/** A stage in short. */
const stage = (name: string, rest = '') => `  ${name}: {cmd: "true", outs: {o: o.txt}${rest}}\n`;

const cases: readonly Case[] = [
  {
    rule: 'yaml-syntax',
    what: 'an unclosed bracket',
    text: `${head}stages: {a: [1, 2«}}\n`,
    says: /flow|]/i,
  },
  { rule: 'yaml-syntax', what: 'a tab as indentation', text: `${head}stages:\n«\ta: 1\n`, says: /tab/i },
  {
    rule: 'yaml-syntax',
    what: 'a second document',
    text: `${head}«---\nstages: {}\n`,
    says: /second document/,
  },
  { rule: 'empty-file', what: 'an empty file', text: '«', says: /holds nothing/, hint: /version: 1/ },
  {
    rule: 'duplicate-key',
    what: 'a stage written twice',
    text: `${head}stages:\n${stage('a')}  «a: {cmd: "false", outs: {o: o}}\n`,
    says: /`a` is here twice/,
  },
  {
    rule: 'bad-alias',
    what: 'an alias without anchor',
    text: `${head}params: {a: «*nowhere}\nstages:\n${stage('a')}`,
    says: /nowhere/,
  },
  {
    rule: 'bad-number',
    what: 'a number that loses digits',
    text: `${head}params: {a: «12345678901234567890}\nstages:\n${stage('a')}`,
    says: /2\^53/,
    hint: /quotes/,
  },
  {
    rule: 'bad-number',
    what: 'a number JSON cannot hold',
    text: `${head}params: {a: «.inf}\nstages:\n${stage('a')}`,
    says: /JSON/,
  },
  {
    rule: 'unknown-key',
    what: 'a typo at the top',
    text: `${head}«stage: {}\nstages:\n${stage('a')}`,
    says: /no key `stage`/,
    hint: /did you mean `stages`/,
  },
  {
    rule: 'unknown-key',
    what: 'a typo in a stage',
    text: `${head}stages:\n  a: {cmd: "true", «dep: {}, outs: {o: o}}\n`,
    says: /stage `a` has no key `dep`/,
    hint: /did you mean `deps`/,
  },
  {
    rule: 'unknown-key',
    what: 'a typo in an out',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: {path: o, «plase: x}}}\n`,
    says: /plase/,
    hint: /`place`/,
  },
  {
    rule: 'missing-key',
    what: 'no version',
    text: '«stages:\n  a: {cmd: "true", outs: {o: o}}\n',
    says: /`version`/,
  },
  {
    rule: 'missing-key',
    what: 'a stage without outs',
    text: `${head}stages:\n  a: «{cmd: "true"}\n`,
    says: /stage `a` lacks `outs`/,
  },
  {
    rule: 'missing-key',
    what: 'a download without digest',
    text: `${head}sources:\n  s: {url: «"https://a/b"}\nstages:\n${stage('a')}`,
    says: /`sha256`/,
    hint: /always checked/,
  },
  {
    rule: 'wrong-type',
    what: 'a list for a map',
    text: `${head}stages: «[a]\n`,
    says: /expected a map, found a list/,
  },
  {
    rule: 'wrong-type',
    what: 'text for a count',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: o}, retries: «many}\n`,
    says: /expected a .*number, found text/,
  },
  {
    rule: 'wrong-type',
    what: 'a map in an axis’ list',
    text: `${head}axes: {x: [«{a: 1}]}\nstages:\n${stage('a')}`,
    says: /plain values/,
  },
  {
    rule: 'wrong-value',
    what: 'another version',
    text: 'version: «2\nstages:\n  a: {cmd: "true", outs: {o: o}}\n',
    says: /must be `1`/,
  },
  {
    rule: 'wrong-value',
    what: 'an unknown report mark',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: {path: o, report: «figure}}}\n`,
    says: /`figures` or `table`/,
    hint: /did you mean `figures`/,
  },
  {
    rule: 'wrong-value',
    what: 'a timeout without unit',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: o}, timeout: «"12"}\n`,
    says: /12h/,
  },
  {
    rule: 'wrong-value',
    what: 'memory that is no amount',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: o}, resources: {memory: «lots}}\n`,
    says: /4GiB/,
  },
  {
    rule: 'wrong-value',
    what: 'half a GPU',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: o}, resources: {gpu: «0.5}}\n`,
    says: /whole number/,
  },
  {
    rule: 'wrong-value',
    what: 'a condition that is no boolean',
    text: `${head}params: {n: 3}\nstages:\n  a: {cmd: "true", outs: {o: o}, when: «"\${params.n}"}\n`,
    says: /true, false or null; it is 3/,
  },
  {
    rule: 'wrong-value',
    what: 'a digest that is none',
    text: `${head}sources:\n  s: {paths: [x], sha256: «abc}\nstages:\n${stage('a')}`,
    says: /64 hexadecimal/,
  },
  {
    rule: 'bad-name',
    what: 'a stage with a space',
    text: `${head}stages:\n  «a b: {cmd: "true", outs: {o: o}}\n`,
    says: /no name/,
  },
  {
    rule: 'bad-name',
    what: 'a stage called source',
    text: `${head}stages:\n  «source: {cmd: "true", outs: {o: o}}\n`,
    says: /meaning of its own/,
  },
  {
    rule: 'run-or-cmd',
    what: 'neither run nor cmd',
    text: `${head}stages:\n  «a: {outs: {o: o}}\n`,
    says: /neither/,
  },
  {
    rule: 'run-or-cmd',
    what: 'both run and cmd',
    text: `${head}stages:\n  a: {run: a.ts, cmd: «"true", outs: {o: o}}\n`,
    says: /both/,
  },
  {
    rule: 'unknown-dep',
    what: 'a typo in a stage',
    text: `${head}stages:\n${stage('train')}  b: {cmd: "true", deps: {x: «trian.o}, outs: {o: o}}\n`,
    says: /no stage is called `trian`/,
    hint: /did you mean `train.o`/,
  },
  {
    rule: 'unknown-dep',
    what: 'an out that the stage lacks',
    text: `${head}stages:\n${stage('train')}  b: {cmd: "true", deps: {x: «train.csv}, outs: {o: o}}\n`,
    says: /no out `csv`/,
    hint: /.\/train.csv/,
  },
  {
    rule: 'unknown-dep',
    what: 'a stage without an out',
    text: `${head}stages:\n${stage('train')}  b: {cmd: "true", deps: {x: «train}, outs: {o: o}}\n`,
    says: /names one of its outs/,
    hint: /train.o/,
  },
  {
    rule: 'unknown-dep',
    what: 'an unknown source',
    text: `${head}sources: {cifar10: {paths: [x]}}\nstages:\n  b: {cmd: "true", deps: {x: «source.cifar}, outs: {o: o}}\n`,
    says: /no source is called `cifar`/,
    hint: /cifar10/,
  },
  {
    rule: 'absent-dep',
    what: 'a dep on a stage that is left out',
    text: `${head}params: {on: false}\nstages:\n  a: {cmd: "true", outs: {o: o}, when: "\${params.on}"}\n  b: {cmd: "true", deps: {x: «a.o}, outs: {o: o}}\n`,
    says: /left out/,
  },
  {
    rule: 'cycle',
    what: 'three stages in a circle',
    text: `${head}stages:\n  a: {cmd: "true", deps: {x: c.o}, outs: {o: o}}\n  b: {cmd: "true", deps: {x: «a.o}, outs: {o: o}}\n  c: {cmd: "true", deps: {x: b.o}, outs: {o: o}}\n`,
    says: /a → c → b → a/,
  },
  {
    rule: 'duplicate-out',
    what: 'two outs at one path',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: x, p: «./x}}\n`,
    says: /path of out `o`/,
  },
  {
    rule: 'duplicate-out',
    what: 'an out inside another',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: x, p: «x/y}}\n`,
    says: /lie in one another/,
  },
  {
    rule: 'duplicate-out',
    what: 'one place for two stages',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: {path: o, place: r/o}}}\n  b: {cmd: "true", outs: {«p: {path: p, place: r/o}}}\n`,
    says: /also where out `o` of `a`/,
  },
  {
    rule: 'duplicate-out',
    what: 'one place for all cells',
    text: `${head}axes: {x: [1, 2]}\nstages:\n  a: {cmd: "true", matrix: [x], outs: {«o: {path: o, place: r/o}}}\n`,
    says: /a\[1\] and a\[2\]/,
    hint: /\$\{x\}/,
  },
  {
    rule: 'place-over-input',
    what: 'a place over a dep',
    text: `${head}stages:\n  a: {cmd: "true", deps: {n: data/n.md}, outs: {«o: {path: o, place: data}}}\n`,
    says: /would replace `data\/n.md`/,
  },
  {
    rule: 'dep-on-place',
    what: 'a dep on a placed file',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: {path: o, place: r/o}}}\n  b: {cmd: "true", deps: {x: «r/o}, outs: {o: o}}\n`,
    says: /made by stage `a`/,
    hint: /a\.o/,
  },
  {
    rule: 'unknown-axis',
    what: 'a typo in a matrix',
    text: `${head}axes: {seed: [0]}\nstages:\n  a: {cmd: "true", matrix: [«sede], outs: {o: o}}\n`,
    says: /no axis is called `sede`/,
    hint: /`seed`/,
  },
  {
    rule: 'unknown-axis',
    what: 'an axis that the pattern’s matrix lacks',
    text: `${head}axes: {seed: [0], v: [1]}\nstages:\n  a: {cmd: "true", matrix: {axes: [seed], exclude: [{v: «1}]}, outs: {o: o}}\n`,
    says: /no axis of this matrix/,
  },
  {
    rule: 'unknown-value',
    what: 'a value that no axis has',
    text: `${head}axes: {v: [ab, cd]}\nstages:\n  a: {cmd: "true", matrix: {axes: [v], exclude: [{v: [cd, «abc]}]}, outs: {o: o}}\n`,
    says: /no value called `abc`/,
    hint: /`ab`/,
  },
  {
    rule: 'matrix-include',
    what: 'an include without an axis',
    text: `${head}axes: {v: [1], w: [2]}\nstages:\n  a: {cmd: "true", matrix: {axes: [v, w], include: [«{v: 1}]}, outs: {o: o}}\n`,
    says: /no value of `w`/,
  },
  {
    rule: 'empty-axis',
    what: 'an axis without values',
    text: `${head}axes: {v: «[]}\nstages:\n${stage('a')}`,
    says: /no values/,
  },
  {
    rule: 'empty-matrix',
    what: 'an exclude that leaves nothing',
    text: `${head}axes: {v: [1]}\nstages:\n  a: {cmd: "true", «matrix: {axes: [v], exclude: [{v: 1}]}, outs: {o: o}}\n`,
    says: /leave no cell/,
  },
  {
    rule: 'duplicate-value',
    what: 'an axis value twice',
    text: `${head}axes: {v: [1, «"1"]}\nstages:\n${stage('a')}`,
    says: /twice/,
  },
  {
    rule: 'missing-cell',
    what: 'a dep on a combination that was left out',
    text: `${head}axes: {v: [1, 2]}\nstages:\n  a: {cmd: "true", matrix: {axes: [v], exclude: [{v: 2}]}, outs: {o: o}}\n  b: {cmd: "true", matrix: [v], deps: {x: «a.o}, outs: {o: o}}\n`,
    says: /no cell with v=2/,
  },
  {
    rule: 'cell-collision',
    what: 'cells that differ in case',
    text: `${head}axes: {v: [S, s]}\nstages:\n  a: {cmd: "true", «matrix: [v], outs: {o: o}}\n`,
    says: /differ in case/,
  },
  {
    rule: 'too-many-cells',
    what: 'a product beyond reason',
    text: `${head}axes: {${'abcdefg'
      .split('')
      .map((axis) => `${axis}: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]`)
      .join(', ')}}\nstages:\n  a: {cmd: "true", «matrix: [a, b, c, d, e, f, g], outs: {o: o}}\n`,
    says: /combinations/,
  },
  {
    rule: 'bad-interpolation',
    what: 'an unknown param',
    text: `${head}params: {train: {epochs: 1}}\nstages:\n  a: {cmd: "true", params: {x: "n=«\${params.train.epoch}"}, outs: {o: o}}\n`,
    says: /no param is called `train.epoch`/,
    hint: /`epochs`/,
  },
  {
    rule: 'bad-interpolation',
    what: 'an axis outside the matrix',
    text: `${head}axes: {seed: [0]}\nstages:\n  a: {cmd: "true", params: {x: "«\${seed}"}, outs: {o: o}}\n`,
    says: /not in the stage's matrix/,
  },
  {
    rule: 'bad-interpolation',
    what: 'a variable of the shell',
    text: `${head}stages:\n  a: {cmd: "echo «\${HOME}", outs: {o: o}}\n`,
    says: /stands for nothing/,
    hint: /\$\$\{HOME\}/,
  },
  {
    rule: 'bad-interpolation',
    what: 'an unknown dep in a command',
    text: `${head}stages:\n  a: {cmd: "cat «\${deps.x}", outs: {o: o}}\n`,
    says: /no dep called `x`/,
  },
  {
    rule: 'bad-interpolation',
    what: 'an unclosed reference',
    text: `${head}stages:\n  a: {cmd: "echo «\${params.x", outs: {o: o}}\n`,
    says: /no reference/,
  },
  {
    rule: 'bad-interpolation',
    what: 'a param that refers to another',
    text: `${head}params: {a: 1, b: «"\${params.a}"}\nstages:\n${stage('a')}`,
    says: /cannot refer/,
  },
  {
    rule: 'gather-dep',
    what: 'gathering what is no dep',
    text: `${head}stages:\n  a: {cmd: "true", gather: {«x: {min: {seed: 1}}}, outs: {o: o}}\n`,
    says: /none of its deps/,
  },
  {
    rule: 'gather-axis',
    what: 'an axis that is not gathered',
    text: `${head}axes: {v: [1], s: [1]}\nstages:\n  a: {cmd: "true", matrix: [v, s], outs: {o: o}}\n  b: {cmd: "true", matrix: [v], deps: {x: a.o}, gather: {x: {min: {v: «1}}}, outs: {o: o}}\n`,
    says: /gathered over/,
    hint: /`s`/,
  },
  {
    rule: 'bad-path',
    what: 'an out that leaves its folder',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: «../o}}\n`,
    says: /`\.\.`/,
  },
  {
    rule: 'bad-path',
    what: 'an absolute out',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: «/etc/passwd}}\n`,
    says: /absolute/,
  },
  {
    rule: 'bad-path',
    what: 'a device',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: «aux.txt}}\n`,
    says: /device/,
  },
  {
    rule: 'bad-path',
    what: 'a NUL',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: «"a\\0b"}}\n`,
    says: /NUL/,
  },
  {
    rule: 'bad-path',
    what: 'a dep outside the project',
    text: `${head}stages:\n  a: {cmd: "true", deps: {x: «../data.csv}, outs: {o: o}}\n`,
    says: /`\.\.`/,
    hint: /source/,
  },
  {
    rule: 'bad-path',
    what: 'a place in the cache',
    text: `${head}stages:\n  a: {cmd: "true", outs: {«o: {path: o, place: cache/x}}}\n`,
    says: /not for outs/,
  },
  {
    rule: 'unknown-resource',
    what: 'a resource nobody defined',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: o}, resources: {licence: «1}}\n`,
    says: /no resource is called `licence`/,
  },
  {
    rule: 'too-much',
    what: 'more than the file defines',
    text: `${head}resources: {licence: 1}\nstages:\n  a: {cmd: "true", outs: {o: o}, resources: {licence: «2}}\n`,
    says: /can never be had/,
  },
  {
    rule: 'reserved-variable',
    what: 'a variable of the engine',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: o}, env: {PIPE_JOB: «x}}\n`,
    says: /set by the engine/,
  },
  {
    rule: 'unknown-param',
    what: 'a checkpoint excluding no param',
    text: `${head}stages:\n  a: {cmd: "true", outs: {o: o}, params: {a: 1}, checkpoint: {excluding: [«b]}}\n`,
    says: /own params/,
  },
  {
    rule: 'unknown-param',
    what: 'a profile changing what is not declared',
    text: `${head}params: {train: {epochs: 1}}\nprofiles: {p: {params: {train: {«epoch: 2}}}}\nstages:\n${stage('a')}`,
    says: /train\.epoch/,
    hint: /`epochs`/,
  },
  {
    rule: 'unknown-profile',
    what: 'extending nothing',
    text: `${head}profiles: {p: {extends: «q}}\nstages:\n${stage('a')}`,
    says: /no profile is called `q`/,
  },
  {
    rule: 'profile-cycle',
    what: 'profiles in a circle',
    text: `${head}profiles: {p: {extends: q}, q: {extends: «p}}\nstages:\n${stage('a')}`,
    says: /p → q → p/,
  },
  {
    rule: 'empty-source',
    what: 'a source with nothing',
    text: `${head}sources: {«s: {}}\nstages:\n${stage('a')}`,
    says: /neither/,
  },
];

describe('each rule points at its place', () => {
  test.each(cases)('$rule: $what', ({ rule, text, says, hint }) => {
    const { diagnostics, marks } = check(text);
    const found = diagnostics.find((one) => one.rule === rule);
    expect(places(diagnostics)).toContain(`${marks[0]} ${rule}`);
    expect(found?.message).toMatch(says);
    if (hint) expect(found?.hint).toMatch(hint);
    expect(found?.at.file).toBe('pipeline.yaml');
  });
});

test('every mistake is reported at once, in one pass', () => {
  const { diagnostics, marks } = check(`version: 1
axes: {seed: [0, 1]}
stages:
  a:
    cmd: "true"
    «dep: {}
    outs: {o: o}
  b:
    cmd: "true"
    matrix: [«sede]
    outs: {o: o}
  c:
    cmd: "true"
    deps: {x: «a.p, y: d.o}
    outs: {o: «/x}
  d:
    cmd: "true"
    deps: {x: «c.o}
    outs: {o: o}
`);
  expect(places(diagnostics)).toEqual([
    `${marks[0]} unknown-key`,
    `${marks[1]} unknown-axis`,
    `${marks[2]} unknown-dep`,
    `${marks[4]} cycle`,
    `${marks[3]} bad-path`,
  ]);
});

test('a stage with a mistake of its own does not make those that read it wrong', () => {
  const { diagnostics } = check(
    'version: 1\nstages:\n  a: {outs: {o: o}}\n  b: {cmd: "true", deps: {x: a.o}, outs: {o: o}}\n',
  );
  expect(places(diagnostics)).toEqual(['3:3 run-or-cmd']);
});

test('--set and --profile are pointed at in the arguments', () => {
  const text = `${head}params: {train: {epochs: 1}}\naxes: {seed: [0]}\nstages:\n${stage('a')}`;
  const at = (options: { profile?: string; set?: string[] }) =>
    check(text, options).diagnostics.map(
      ({ at, rule, hint }) => `${at.file}:${at.line}:${at.column} ${rule} ${hint ?? ''}`,
    );
  expect(at({ set: ['train.epochs=2', 'train.epoch=3'] })).toEqual([
    '--set:2:1 unknown-param did you mean `epochs`?',
  ]);
  expect(at({ set: ['nothing'] })).toEqual(['--set:1:1 bad-set write --set train.epochs=10']);
  expect(at({ set: ['axes.sed=[1]'] })).toEqual(['--set:1:1 unknown-axis did you mean `seed`?']);
  expect(at({ set: ['train.epochs=[1'] })[0]).toMatch(/^--set:1:\d+ yaml-syntax/);
  expect(at({ profile: 'quick' })).toEqual(['--profile:1:1 unknown-profile there is none']);
});
