/** Each rule of docs/reference/diagnostics.md: a file that breaks it, where it points, what it says. */
import { describe, expect, test } from 'vitest';
import { diagnosticCases } from './diagnostic-cases.ts';
import { check, places } from './marked.ts';

const head = 'version: 1\n';
/** A stage in short. */
const stage = (name: string) => `  ${name}: {cmd: "true", outs: {o: o.txt}}\n`;

describe('each rule points at its place', () => {
  test.each(diagnosticCases)('$rule: $what', ({ rule, text, says, hint }) => {
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
    '--set:2:1 unknown-param did you mean `train.epochs`?',
  ]);
  expect(at({ set: ['nothing'] })).toEqual(['--set:1:1 bad-set write --set train.epochs=10']);
  expect(at({ set: ['axes.sed=[1]'] })).toEqual(['--set:1:1 unknown-axis did you mean `axes.seed`?']);
  expect(at({ set: ['axes.other=[1]'] })).toEqual(['--set:1:1 unknown-axis there is `axes.seed`']);
  expect(at({ set: ['train.epochs=[1'] })[0]).toMatch(/^--set:1:\d+ yaml-syntax/);
  expect(at({ profile: 'quick' })).toEqual(['--profile:1:1 unknown-profile there is none']);
});

test('an unknown axis of a profile is answered by the name alone: it stands below `axes` there', () => {
  const { diagnostics } = check(
    `${head}axes: {seed: [0]}\nprofiles: {quick: {axes: {sed: [1]}}}\nstages:\n${stage('a')}`,
    { profile: 'quick' },
  );
  expect(diagnostics.map(({ hint }) => hint)).toContain('did you mean `seed`?');
});

test('one typo is one mistake: the key is read as what it was meant to be', () => {
  const { diagnostics, marks } = check(
    `version: 1
axis: {seed: [0, 1]}
«stage:
  a: {cmd: "echo \${seed}", «matrx: [seed], outs: {o: o}}
  b: {cmd: "cat \${deps.x}", «dep: {x: a.o}, outs: {o: {«pth: o}}}
`.replace('axis', '«axis'),
  );
  expect([...places(diagnostics)].sort()).toEqual(marks.map((mark) => `${mark} unknown-key`).sort());
});

test("a mistake in a matrix's `only` is one mistake: its axes still stand for something", () => {
  const { diagnostics, marks } = check(`version: 1
axes: {size: [1, 2], seed: [0]}
stages:
  a: {cmd: "echo \${size}", matrix: {axes: [size], only: [{size: «3}]}, outs: {o: o}}
  b: {cmd: "echo \${seed}", matrix: [«sede], outs: {o: o}}
`);
  expect(places(diagnostics)).toEqual([`${marks[0]} unknown-value`, `${marks[1]} unknown-axis`]);
});

test('an axis outside the matrix is told even beside a mistake in `only`', () => {
  const { diagnostics, marks } = check(`version: 1
axes: {size: [1, 2], seed: [0]}
stages:
  a: {cmd: "echo «\${seed}", matrix: {axes: [size], only: [{size: «3}]}, outs: {o: o}}
`);
  expect(places(diagnostics).toSorted()).toEqual(
    [`${marks[0]} bad-interpolation`, `${marks[1]} unknown-value`].toSorted(),
  );
});

test('a mistake behind an anchor is told once, however often the anchor is used', () => {
  const { diagnostics, marks } = check(`version: 1
stages:
  a: {cmd: "true", params: &p {x: "«\${nothing}"}, outs: {o: o}}
  b: {cmd: "true", params: *p, outs: {o: o}}
  c: {cmd: "true", params: *p, outs: {o: o}}
`);
  expect(places(diagnostics)).toEqual([`${marks[0]} bad-interpolation`]);
});

test('every yaml-syntax and every duplicate-out has a hint', () => {
  const cases = diagnosticCases.filter(({ rule }) => rule === 'yaml-syntax' || rule === 'duplicate-out');
  expect(cases.length).toBeGreaterThan(6);
  for (const { rule, text, what } of cases) {
    const found = check(text).diagnostics.filter((one) => one.rule === rule);
    expect(found.length, what).toBeGreaterThan(0);
    for (const { hint } of found) expect(hint, what).toMatch(/\w/);
  }
});

test('a hint with two sentences ends the first with one mark', () => {
  const text = `version: 1
stages:
  train: {cmd: "true", outs: {weights: w}}
  plot: {cmd: "true", deps: {x: train.weigths, y: train.none}, outs: {o: o}}
`;
  expect(check(text).diagnostics.map(({ hint }) => hint)).toEqual([
    'did you mean `train.weights`? A file of that name is written ./train.weigths',
    'it has `train.weights`; a file of that name is written ./train.none',
  ]);
});

test('two different mistakes at one place are both reported', () => {
  const { diagnostics, marks } = check(`version: 1
params: {one: x, other: y}
stages:
  a: {cmd: «"echo $(( \${params.one} + \${params.other} ))", outs: {o: o}}
`);
  expect(places(diagnostics)).toEqual([`${marks[0]} shell-context`, `${marks[0]} shell-context`]);
  expect(diagnostics.map(({ message }) => message)).toEqual([
    expect.stringContaining('params.one'),
    expect.stringContaining('params.other'),
  ]);
});
