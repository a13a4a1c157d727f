/** What a pipeline file says, and what profiles and --set make of it. */
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/lib/diagnostics/yaml-node.ts';
import { loadPipeline } from '../../../src/pipe/config/load.ts';
import { jsonSchemaText } from '../../../src/pipe/config/schema.ts';
import { check } from './marked.ts';

const text = `version: 1
params:
  train: {epochs: 250, lr: 0.025, schedule: {}}
  images: small
profiles:
  quick: {params: {train: {epochs: 4}}, axes: {seed: [1, 0], variant: [no-zero]}}
  quicker: {extends: quick, params: {train: {epochs: 1, schedule: {warm: 2}}}}
axes:
  variant: {baseline: {}, no-zero: {mask: [zero]}}
  seed: [0, 1, 2]
stages:
  a: {cmd: "true", matrix: {axes: [variant, seed], exclude: [{variant: baseline, seed: [1, 2]}]}, outs: {o: o}}
`;

function load(options: { profile?: string; set?: string[] } = {}) {
  const { document, diagnostics } = loadPipeline(text, 'pipeline.yaml', {
    profile: null,
    set: [],
    ...options,
  });
  expect(diagnostics).toEqual([]);
  if (!document) throw new Error('no document');
  return {
    params: document.params,
    axes: Object.fromEntries(
      Array.from(document.axes.values(), ({ name, values }) => [name, values.map((value) => value.name)]),
    ),
  };
}

describe('profiles and --set', () => {
  test('a profile merges its params deeply and keeps named values in its own order', () => {
    const { params, axes } = load({ profile: 'quick' });
    expect(params).toEqual({ train: { epochs: 4, lr: 0.025, schedule: {} }, images: 'small' });
    expect(axes).toEqual({ variant: ['no-zero'], seed: ['1', '0'] });
  });

  test('a profile goes on from the one it extends; an empty map is open to new keys', () => {
    const { params, axes } = load({ profile: 'quicker' });
    expect(params.train).toEqual({ epochs: 1, lr: 0.025, schedule: { warm: 2 } });
    expect(axes.seed).toEqual(['1', '0']);
  });

  test('--set comes after the profile, and its value is read as YAML', () => {
    const { params, axes } = load({
      profile: 'quick',
      set: ['train.epochs=7', 'images=null', 'train.schedule={warm: [1, 2]}', 'axes.seed=[5, 6]'],
    });
    expect(params).toEqual({ train: { epochs: 7, lr: 0.025, schedule: { warm: [1, 2] } }, images: null });
    expect(axes.seed).toEqual(['5', '6']);
  });

  test('the value of a named axis value follows its name', () => {
    const { document } = loadPipeline(text, 'pipeline.yaml', { profile: 'quick', set: [] });
    expect(document?.axes.get('variant')?.values).toEqual([{ name: 'no-zero', value: { mask: ['zero'] } }]);
  });

  test('patterns that name values which a profile took out match nothing and are no mistake', () => {
    const { diagnostics } = loadPipeline(text, 'pipeline.yaml', { profile: 'quick', set: [] });
    expect(diagnostics).toEqual([]);
  });
});

test('the order of axes’ named values is that of the file, also when names look like numbers', () => {
  const { document } = loadPipeline(
    'version: 1\naxes: {n: {10: a, 9: b, x: c}}\nstages: {a: {cmd: "true", outs: {o: o}}}\n',
    'p.yaml',
    { profile: null, set: [] },
  );
  expect(document?.axes.get('n')?.values.map((value) => value.name)).toEqual(['10', '9', 'x']);
});

test('aliases and merge keys are followed', () => {
  const { document, diagnostics } = loadPipeline(
    'version: 1\nparams: {base: &b {lr: 1, wd: 2}, big: {<<: *b, lr: 3}, same: *b}\nstages: {a: {cmd: "true", outs: {o: o}}}\n',
    'p.yaml',
    { profile: null, set: [] },
  );
  expect(diagnostics).toEqual([]);
  expect(document?.params).toEqual({ base: { lr: 1, wd: 2 }, big: { lr: 3, wd: 2 }, same: { lr: 1, wd: 2 } });
});

test('short and long forms of env, outs and checkpoint mean the same', () => {
  const { document, diagnostics } = loadPipeline(
    `version: 1
stages:
  a: {cmd: "true", outs: {o: o.txt}, env: {A: 1}, timeout: 1.5h, checkpoint: true}
  b: {cmd: "true", outs: {o: {path: o.txt}}, env: {set: {A: "1"}, keyed: [LANG], pass: [TOKEN]}}
`,
    'p.yaml',
    { profile: null, set: [] },
  );
  expect(diagnostics).toEqual([]);
  const a = document?.stages.get('a');
  const b = document?.stages.get('b');
  expect(a?.env).toEqual({ set: { A: '1' }, keyed: [], pass: [] });
  expect(b?.env).toEqual({ set: { A: '1' }, keyed: ['LANG'], pass: ['TOKEN'] });
  expect(a?.outs[0]?.path).toBe(b?.outs[0]?.path);
  expect(a?.timeoutMs).toBe(5_400_000);
  expect(a?.checkpoint).toEqual({ excluding: [] });
  expect(b?.checkpoint).toBeNull();
});

describe('hostile files are refused in bounded time and memory', () => {
  const rules = (hostile: string) => check(hostile).diagnostics.map((one) => one.rule);

  test('a billion laughs', () => {
    const levels = ['a: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]'];
    for (let i = 1; i <= 9; i++)
      levels.push(
        `b${i}: &l${i} [${Array(10)
          .fill(`*l${i - 1}`)
          .join(', ')}]`,
      );
    expect(rules(`version: 1\nparams:\n  ${levels.join('\n  ')}\n`)).toEqual(['too-large']);
  });

  test('an alias of itself', () => {
    expect(rules('version: 1\nparams: &a {b: *a}\nstages: {}\n')).toContain('bad-alias');
  });

  test.each([
    ['brackets', '['.repeat(10_000)],
    ['braces', '{a: '.repeat(10_000)],
    ['list items', '- '.repeat(10_000)],
    [
      'keys',
      Array.from({ length: 10_000 }, (_, depth) => `${' '.repeat(depth)}a:`)
        .join('\n')
        .slice(0, limits.characters),
    ],
    ['question marks', '? '.repeat(10_000)],
  ])('10,000-deep nesting of %s', (_, hostile) => {
    expect(rules(hostile)).toEqual(['too-deep']);
  });

  test('a file of megabytes', () => {
    expect(rules(`version: 1 #${'x'.repeat(limits.characters)}`)).toEqual(['too-large']);
  });

  test('100,000 keys in one map do not take quadratic time', () => {
    const keys = Array.from({ length: 100_000 }, (_, i) => `  k${i}: 0`).join('\n');
    const started = process.cpuUsage();
    expect(rules(`version: 1\nparams:\n${keys}\nstages: {}\n`)).toEqual([]);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(10);
  });

  test('`__proto__` is no key', () => {
    expect(rules('version: 1\nparams: {__proto__: {x: 1}}\nstages: {}\n')).toEqual(['bad-name']);
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });
});

test('the JSON Schema names every key and refuses unknown ones', () => {
  const schema = JSON.parse(jsonSchemaText());
  expect(schema.additionalProperties).toBe(false);
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining(['version', 'params', 'profiles', 'axes', 'sources', 'stages']),
  );
});
