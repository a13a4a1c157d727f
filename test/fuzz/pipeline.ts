/**
 * Mutated pipeline files: each must give a plan or diagnostics with positions inside the text, in bounded time.
 * `npm run test:fuzz -- [CASES] [SEED]` prints the count; vitest runs a small share of it.
 */
import fc from 'fast-check';
import { loadPipeline } from '../../src/pipe/config/load.ts';
import { plan } from '../../src/pipe/plan/plan.ts';

export interface FuzzResult {
  readonly cases: number;
  /** Texts that could be planned without a mistake. */
  readonly planned: number;
  readonly refused: number;
  readonly slowestMs: number;
}

/**
 * Throws on a text that crashes the loader, takes longer than `limitMs`, or is refused without a position: the shortest
 * list of changes that fast-check finds for it.
 */
export function fuzzPipelines(cases: number, seed: number, limitMs = 10_000): FuzzResult {
  let planned = 0;
  let slowestMs = 0;
  const property = fc.property(mutation, ({ base, changes, setChanges, profile }) => {
    const text = changes.reduce(changed, base);
    const set = setChanges === null ? [] : [setChanges.reduce(changed, 'train.epochs=[1, 2]')];
    const started = performance.now();
    const good = check(text, set, profile);
    const ms = performance.now() - started;
    if (ms > limitMs) throw new Error(`took ${Math.round(ms)} ms:\n${text}`);
    slowestMs = Math.max(slowestMs, ms);
    if (good) planned++;
  });
  fc.assert(property, { seed, numRuns: cases });
  return { cases, planned, refused: cases - planned, slowestMs: Math.round(slowestMs) };
}

function check(text: string, set: readonly string[], profile: string | null): boolean {
  const problem = (what: string): Error => new Error(`${what}\n${text}\n${set.join('\n')}`);
  const { document, diagnostics } = loadPipeline(text, 'pipeline.yaml', { profile, set });
  const result = document ? plan(document) : null;
  const all = [...diagnostics, ...(result?.diagnostics ?? [])];
  if (document === null && all.length === 0) throw problem('neither a document nor a diagnostic');
  for (const { at, rule, message } of all) {
    const source =
      at.file === 'pipeline.yaml' ? text : at.file === '--set' ? set.join('\n') : (profile ?? '');
    const line = source.split('\n')[at.line - 1];
    if (line === undefined || at.column < 1 || at.column > line.length + 2) {
      throw problem(`${rule} points at ${at.file}:${at.line}:${at.column}, outside the text: ${message}`);
    }
    if (message === '' || rule === '') throw problem('a diagnostic without words');
  }
  for (const cell of result?.graph.cells.values() ?? []) {
    for (const out of cell.outs) {
      const paths = [out.path, out.place ?? 'x'];
      const good = all.length > 0 || paths.every((path) => !/^\/|(^|\/)\.\.(\/|$)|\0/.test(path));
      if (!good) throw problem(`${cell.id} writes to ${paths.join(' and ')}`);
    }
  }
  return all.length === 0;
}

export const seeds: readonly string[] = [
  `version: 1
title: A study
params: {train: {epochs: 250, lr: 0.025}, images: source.cifar10, on: true}
profiles:
  quick: {params: {train: {epochs: 4}}, axes: {seed: [1, 0]}}
  quicker: {extends: quick}
axes:
  variant: {baseline: {}, no-zero: {mask: [zero]}}
  seed: [0, 1, 2]
resources: {licence: 2}
sources:
  cifar10: {paths: [../x, {path: y, sha256: "${'a'.repeat(64)}"}], url: "https://a/b", sha256: "${'0'.repeat(64)}", unpack: tar.gz}
stages:
  bench:
    run: stages/bench.ts
    deps: {raw: source.cifar10, file: ./data/x.csv}
    outs: {table: bench.arrow}
  train:
    run: stages/train.ts
    matrix: {axes: [variant, seed], only: [{variant: [baseline, no-zero]}], exclude: [{variant: no-zero, seed: 2}]}
    deps: {images: "\${params.images}"}
    params: {train: "\${params.train}", variant: "\${variant}", s: "x-\${seed}"}
    outs: {weights: w.bin, history: {path: h.jsonl, place: "out/\${variant}-\${seed}.jsonl"}}
    resources: {gpu: 1, memory: 4GiB, licence: 1}
    checkpoint: {excluding: [train.epochs]}
    retries: 2
    timeout: 12h
  evaluate:
    cmd: python3 e.py \${deps.weights} > \${outs.p}; echo $\${HOME}
    matrix: {axes: [seed, variant], exclude: [{variant: no-zero, seed: 2}]}
    deps: {weights: train.weights, bench: bench.table}
    outs: {p: {path: p.json, report: metrics}}
    env: {set: {A: 1}, keyed: [LANG], pass: [TOKEN]}
    tools: {python: python3 --version}
  aggregate:
    run: stages/aggregate.ts
    when: "\${params.on}"
    deps: {p: evaluate.p}
    gather: {p: {min: {seed: 2}}}
    outs: {summary: s.arrow}
    always: true
`,
  `version: 1
params: &p {a: &b [1, 2], c: *b}
stages:
  x: {cmd: "true", outs: {o: o}, params: {<<: *p, e: 1}}
  "y":
    cmd: >-
      a
      b
    params:
      d: |
        text
        more
    outs: {o: o}
    frozen: because
`,
  'version: 1\nstages:\n  a:\n    cmd: "true"\n    deps:\n      x: b.o\n    outs:\n      o: o\n  b:\n    cmd: "true"\n    outs: {o: o}\n',
];

const pieces = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    ': ',
    ',',
    '- ',
    '\n',
    '\n  ',
    '\t',
    '"',
    "'",
    '|',
    '>',
    '&a',
    '*a',
    '!!map',
    '!tag',
    '#',
  ],
  ...[
    '?',
    '<<: *b',
    '---',
    '...',
    '%YAML 1.2',
    '${',
    '}',
    '${params.train}',
    '${seed}',
    '$${',
    '\0',
    '\u2028',
    '😀',
    '\uD800',
  ],
  ...[
    'null',
    'true',
    '.inf',
    '.nan',
    '0x10',
    '1e999',
    '-0',
    '99999999999999999999',
    '../',
    '/etc/passwd',
    'con',
    '__proto__',
  ],
  ...[
    'constructor',
    'toString',
    'hasOwnProperty',
    'source.',
    'source.cifar10',
    'train.',
    '~',
    '',
    ' ',
    '[[[[',
    '{{{{',
    '*',
    '"\\u0000"',
  ],
];

/** A place in a text of whatever length: a share of it. */
const share = fc.noBias(fc.nat(9_999)).map((number) => number / 10_000);

/** One change: bytes, words, lines, or pieces of another text. What a kind does not need is there all the same. */
const change = fc.record({
  kind: fc.noBias(fc.nat(8)),
  at: share,
  length: fc.tuple(share, share).map(([one, other]) => Math.floor(one * other * 60)),
  piece: fc.constantFrom(...pieces),
  from: share,
  to: share,
  times: fc.integer({ min: 1, max: 20 }),
  indent: fc.nat(5),
  character: fc.nat(0x24f).map((code) => String.fromCharCode(code)),
});
type Change = typeof change extends fc.Arbitrary<infer One> ? One : never;

const mutation = fc.record({
  base: fc.constantFrom(...seeds),
  changes: fc.array(change, { minLength: 1, maxLength: 6 }),
  /** One in ten has a `--set` too. */
  setChanges: fc.oneof(
    { weight: 9, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.array(change, { minLength: 1, maxLength: 1 }) },
  ),
  profile: fc.constantFrom('quick', null, null),
});

function changed(text: string, { kind, length, piece, times, indent, character, ...shares }: Change): string {
  const at = Math.floor(shares.at * (text.length + 1));
  const lines = text.split('\n');
  const line = Math.floor(shares.at * lines.length);
  const words = text.match(/[\w.${}-]+/g) ?? [''];
  const of = (list: readonly string[], where: number) => list[Math.floor(where * list.length)] ?? '';
  switch (kind) {
    case 0:
      return text.slice(0, at) + text.slice(at + length);
    case 1:
      return text.slice(0, at) + piece + text.slice(at);
    case 2:
      return text.slice(0, at) + piece + text.slice(at + length);
    case 3:
      return text.slice(0, at) + text.slice(at, at + length).repeat(times) + text.slice(at);
    case 4:
      return text.replace(of(words, shares.from), () => of(words, shares.to));
    case 5:
      return lines.toSpliced(line, 1).join('\n');
    case 6:
      return lines.toSpliced(line, 0, of(lines, shares.from)).join('\n');
    case 7:
      return lines.with(line, `${' '.repeat(indent)}${lines[line]?.trimStart() ?? ''}`).join('\n');
    default:
      return text.slice(0, at) + character + text.slice(at + 1);
  }
}
