/** Long because it has a test per rule on runs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Pipeline } from '../../kit/pipeline.ts';

let pipeline: Pipeline;
beforeEach(() => {
  pipeline = new Pipeline();
});
afterEach(() => pipeline.remove());

/** Trains six super-networks of a line each: one source of numbers, a matrix, a gather. */
function study(): void {
  pipeline.write(
    'pipeline.yaml',
    `version: 1
params: { train: { epochs: 2 } }
axes:
  variant: { a: {}, b: { mask: [zero] } }
  seed: [0, 1]
stages:
  bench:
    cmd: seq 1 3 > \${outs.table}
    outs: { table: table.txt }
  train:
    run: stages/train.ts
    matrix: [variant, seed]
    deps: { bench: bench.table }
    params: { train: "\${params.train}", variant: "\${variant}", seed: "\${seed}" }
    outs: { weights: weights.txt }
  evaluate:
    run: stages/evaluate.ts
    matrix: [variant, seed]
    deps: { weights: train.weights }
    outs: { score: score.txt }
  aggregate:
    cmd: cat \${deps.scores} > \${outs.all}
    deps: { scores: evaluate.score }
    outs: { all: all.txt }
`,
  );
  pipeline.write(
    'stages/train.ts',
    `import { readFileSync, writeFileSync } from 'node:fs';
import { weigh } from '../lib/net.ts';
export default ({ params, dep, out }: any) => writeFileSync(out('weights'), weigh(params, readFileSync(dep('bench'), 'utf8')));
`,
  );
  pipeline.write(
    'stages/evaluate.ts',
    `import { readFileSync, writeFileSync } from 'node:fs';
import { score } from '../lib/net.ts';
export default ({ dep, out }: any) => writeFileSync(out('score'), score(readFileSync(dep('weights'), 'utf8')) + '\\n');
`,
  );
  pipeline.write(
    'lib/net.ts',
    `export function weigh(params: unknown, bench: string): string {
  return JSON.stringify(params) + bench.length;
}
export function score(weights: string): string {
  return weights.toUpperCase();
}
`,
  );
}
const sorted = (cells: readonly string[]) => [...cells].sort();
const grid = (...stages: string[]) =>
  stages.flatMap((stage) => ['a,0', 'a,1', 'b,0', 'b,1'].map((axes) => `${stage}[${axes}]`));

test('the first run makes everything, the second runs nothing and writes nothing', async () => {
  study();
  const first = await pipeline.run();
  expect(sorted(first.done)).toEqual(sorted(['bench', ...grid('train', 'evaluate'), 'aggregate']));
  expect(first.outcome).toMatchObject({ outcome: 'done', exitCode: 0 });
  const runs = readdirSync(join(pipeline.dir, 'cache/runs'));
  const second = await pipeline.run();
  expect(second.done).toEqual([]);
  expect(second.outcome).toMatchObject({ outcome: 'up-to-date', exitCode: 0, report: null });
  expect(readdirSync(join(pipeline.dir, 'cache/runs'))).toEqual(runs);
});

test('a changed param reruns the stages that read it and what follows, nothing else', async () => {
  study();
  await pipeline.run();
  const { done } = await pipeline.run({ set: ['train.epochs=3'] });
  expect(sorted(done)).toEqual(sorted([...grid('train', 'evaluate'), 'aggregate']));
});

test('a new seed runs only its own cells and what gathers them', async () => {
  study();
  await pipeline.run();
  pipeline.edit('pipeline.yaml', (text) => text.replace('[0, 1]', '[2, 1, 0]'));
  const { done } = await pipeline.run();
  expect(sorted(done)).toEqual(
    sorted(['train[a,2]', 'train[b,2]', 'evaluate[a,2]', 'evaluate[b,2]', 'aggregate']),
  );
});

test('an edited comment reruns nothing', async () => {
  study();
  await pipeline.run();
  pipeline.edit('lib/net.ts', (text) => `// What a network is.\n${text}`);
  pipeline.edit('stages/train.ts', (text) =>
    text.replace('export default', '/* the stage */\nexport default'),
  );
  expect((await pipeline.run()).outcome.outcome).toBe('up-to-date');
});

test('an edited function that one stage uses reruns that stage and what follows, and the reason names the file', async () => {
  study();
  await pipeline.run();
  pipeline.edit('lib/net.ts', (text) => text.replace('toUpperCase', 'toLowerCase'));
  const { done, events } = await pipeline.run();
  expect(sorted(done)).toEqual(sorted([...grid('evaluate'), 'aggregate']));
  const ready = events.find((event) => event.type === 'cell-ready' && event.cell === 'evaluate[a,0]');
  expect(ready).toMatchObject({ reasons: [{ kind: 'code', file: 'lib/net.ts' }] });
});

test('an upstream cell that makes the same bytes again stops the rerun there', async () => {
  study();
  await pipeline.run();
  pipeline.edit('pipeline.yaml', (text) => text.replace('seq 1 3', 'seq 1 1 3'));
  expect((await pipeline.run()).done).toEqual(['bench']);
});

test('a change that is taken back restores what was there without running', async () => {
  study();
  await pipeline.run();
  const before = pipeline.read('cache/cells/aggregate/all.txt');
  await pipeline.run({ set: ['train.epochs=3'] });
  expect(pipeline.read('cache/cells/aggregate/all.txt')).not.toBe(before);
  const back = await pipeline.run();
  expect(back.done).toEqual([]);
  expect(back.outcome.outcome).toBe('done');
  expect(pipeline.read('cache/cells/aggregate/all.txt')).toBe(before);
});

test('--force runs the targets again, but not what they need', async () => {
  study();
  await pipeline.run();
  const { done } = await pipeline.run({ targets: ['evaluate[a,0]'], force: true });
  expect(done).toEqual(['evaluate[a,0]']);
});

test('a target runs with what it needs and no more', async () => {
  study();
  const { done } = await pipeline.run({ targets: ['evaluate[a,0]'] });
  expect(done).toEqual(['bench', 'train[a,0]', 'evaluate[a,0]']);
});

test('two runs at once share the work: every cell is run once', async () => {
  study();
  const [one, two] = await Promise.all([pipeline.run(), pipeline.run()]);
  expect(sorted([...one.done, ...two.done])).toEqual(
    sorted(['bench', ...grid('train', 'evaluate'), 'aggregate']),
  );
});

test('a stage that fails is retried as often as it may, and then done', async () => {
  pipeline.write(
    'pipeline.yaml',
    `version: 1
stages:
  flaky:
    cmd: 'echo x >> tries; test "$(wc -l < tries)" -ge 3 && cp tries \${outs.out}'
    outs: { out: out.txt }
    retries: 2
`,
  );
  const { done, events } = await pipeline.run();
  expect(done).toEqual(['flaky']);
  expect(events.flatMap((event) => (event.type === 'cell-retry' ? [event.attempt] : []))).toEqual([2, 3]);
});

const single = (stage: string) => pipeline.write('pipeline.yaml', `version: 1\nstages:\n  one:\n${stage}`);

test('a failure says its exit code, the end of the log and where the log is; what was there before stays', async () => {
  single('    cmd: "echo first > ${outs.out}"\n    outs: { out: out.txt }\n');
  await pipeline.run();
  single('    cmd: "echo half > ${outs.out}; echo no such planet >&2; exit 7"\n    outs: { out: out.txt }\n');
  const { outcome, failed } = await pipeline.run();
  expect(outcome).toMatchObject({ outcome: 'failed', exitCode: 1 });
  expect(failed[0]).toMatchObject({
    cell: 'one',
    error: { kind: 'exit', message: 'exit code 7', tail: ['no such planet'] },
  });
  expect(pipeline.read(failed[0]?.log ?? '')).toBe('no such planet\n');
  expect(pipeline.read('cache/cells/one/out.txt')).toBe('first\n');
});

test('an out that was not written is a failure that names it, and is not retried', async () => {
  single('    cmd: "true"\n    outs: { out: out.txt }\n    retries: 3\n');
  const { failed, events } = await pipeline.run();
  expect(failed[0]?.error).toMatchObject({
    kind: 'out-missing',
    message: 'ended well, but did not write out (out.txt)',
  });
  expect(events.some((event) => event.type === 'cell-retry')).toBe(false);
});

test('an input that changes while the stage runs: nothing is published, the file is named, the next run runs again', async () => {
  pipeline.write('in.txt', 'before');
  single(
    '    cmd: "cat ${deps.in} > ${outs.out}; echo during > in.txt"\n    deps: { in: ./in.txt }\n    outs: { out: out.txt }\n',
  );
  const { failed } = await pipeline.run();
  expect(failed[0]?.error).toMatchObject({ kind: 'dirty-inputs' });
  expect(failed[0]?.error.message).toContain('in.txt');
  expect(pipeline.has('cache/cells/one/out.txt')).toBe(false);
});

test('a time-out is a failure with its own name', async () => {
  single('    cmd: sleep 600\n    outs: { out: out.txt }\n    timeout: 100ms\n');
  const { failed } = await pipeline.run();
  expect(failed[0]?.error).toMatchObject({
    kind: 'timeout',
    message: 'still running after its timeout of 0.1 s',
  });
});

test('Ctrl-C: the running stage is asked to end, nothing new starts, exit code 130', async () => {
  pipeline.write(
    'pipeline.yaml',
    `version: 1
stages:
  slow: { run: slow.ts, outs: { out: out.txt } }
  next: { cmd: "cp \${deps.in} \${outs.out}", deps: { in: slow.out }, outs: { out: out.txt } }
`,
  );
  pipeline.write(
    'slow.ts',
    `import { writeFileSync } from 'node:fs';
export default async ({ signal, info, out }: any) => {
  info('started');
  await new Promise<void>((resolve) => { const tick = setInterval(() => {}, 1000); signal.addEventListener('abort', () => { clearInterval(tick); resolve(); }); });
  writeFileSync(out('out'), 'half');
};
`,
  );
  const { outcome, events } = await pipeline.run({
    onEvent: (event, signals) => {
      if (event.type === 'cell-message') signals.emit('SIGINT', 'SIGINT');
    },
  });
  expect(outcome).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
  expect(events.flatMap((event) => (event.type === 'cell-not-run' ? [event.cell] : []))).toEqual([
    'slow',
    'next',
  ]);
  expect(pipeline.has('cache/cells/slow/out.txt')).toBe(false);
  expect(readdirSync(join(pipeline.dir, 'cache/locks'))).toEqual([]);
});

test('a command that is interrupted and still ends with 0 is not published', async () => {
  single(
    '    cmd: "trap \'exit 0\' INT; echo half > ${outs.out}; echo \'{\\"type\\":\\"message\\",\\"text\\":\\"here\\"}\' >> \\"$(dirname \\"$PIPE_JOB\\")/events.jsonl\\"; while :; do sleep 0.02; done"\n    outs: { out: out.txt }\n',
  );
  const { outcome, done } = await pipeline.run({
    onEvent: (event, signals) => {
      if (event.type === 'cell-message') signals.emit('SIGINT', 'SIGINT');
    },
  });
  expect(done).toEqual([]);
  expect(outcome.outcome).toBe('interrupted');
  expect(pipeline.has('cache/cells/one/out.txt')).toBe(false);
});

test('the third Ctrl-C kills what does not listen', async () => {
  single(
    '    cmd: "trap \'\' INT TERM; echo \'{\\"type\\":\\"message\\",\\"text\\":\\"here\\"}\' >> \\"$(dirname \\"$PIPE_JOB\\")/events.jsonl\\"; while :; do sleep 0.02; done"\n    outs: { out: out.txt }\n',
  );
  const { outcome } = await pipeline.run({
    grace: { interruptMs: 60_000, terminateMs: 60_000 },
    onEvent: (event, signals) => {
      if (event.type !== 'cell-message') return;
      for (let times = 0; times < 3; times++) signals.emit('SIGINT', 'SIGINT');
    },
  });
  expect(outcome.exitCode).toBe(130);
});

test('a gather goes on with its minimum and says how many it has', async () => {
  pipeline.write(
    'pipeline.yaml',
    `version: 1
axes: { seed: [0, 1, 2] }
stages:
  one: { matrix: [seed], cmd: "test \${seed} != 1 && echo \${seed} > \${outs.out}", outs: { out: out.txt } }
  all:
    run: all.ts
    deps: { parts: one.out }
    gather: { parts: { min: { seed: 2 } } }
    outs: { out: out.txt }
`,
  );
  pipeline.write(
    'all.ts',
    `import { writeFileSync } from 'node:fs';
export default ({ gathered, out }: any) => { const { items, planned } = gathered('parts'); writeFileSync(out('out'), items.map((one: any) => one.axes.seed) + ' of ' + planned); };
`,
  );
  const { outcome } = await pipeline.run({ mode: 'keep-going' });
  expect(outcome.outcome).toBe('failed');
  expect(pipeline.read('cache/cells/all/out.txt')).toBe('0,2 of 3');
});

test('a cell that asks for more than the machine has is refused before anything runs', async () => {
  pipeline.write(
    'pipeline.yaml',
    `version: 1
stages:
  first: { cmd: "touch ran; echo > \${outs.out}", outs: { out: out.txt } }
  large: { cmd: "echo > \${outs.out}", outs: { out: out.txt }, resources: { memory: 900TiB } }
`,
  );
  await expect(pipeline.run()).rejects.toThrow(/large asks for 900 TiB of memory/);
  expect(pipeline.has('ran')).toBe(false);
});

test('a checkpoint outlives an interruption and an excluded param', async () => {
  pipeline.write(
    'pipeline.yaml',
    `version: 1
params: { epochs: 2 }
stages:
  train:
    run: train.ts
    params: { epochs: "\${params.epochs}", lr: 0.1 }
    checkpoint: { excluding: [epochs] }
    outs: { out: out.txt }
`,
  );
  pipeline.write(
    'train.ts',
    `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
export default ({ checkpoint, params, out }: any) => {
  const file = checkpoint + '/epoch';
  const from = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  writeFileSync(file, String(params.epochs));
  if (from === 0) throw new Error('interrupted');
  writeFileSync(out('out'), 'went on from ' + from);
};
`,
  );
  expect((await pipeline.run()).outcome.outcome).toBe('failed');
  await pipeline.run({ set: ['epochs=5'] });
  expect(pipeline.read('cache/cells/train/out.txt')).toBe('went on from 2');
});

test('variables under `pass` reach the stage and no file', async () => {
  single(
    '    cmd: "echo \\"$TOKEN\\" | grep -q ^hidden- && echo ok > ${outs.out}"\n    outs: { out: out.txt }\n    env: { pass: [TOKEN] }\n',
  );
  const { done } = await pipeline.run({ env: { ...process.env, TOKEN: 'hidden-4711' } });
  expect(done).toEqual(['one']);
  const files = readdirSync(join(pipeline.dir, 'cache'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  expect(files.length).toBeGreaterThan(5);
  expect(files.filter((text) => text.includes('hidden-4711'))).toEqual([]);
});

test('a cache that cannot be written is a message with a next step, and nothing runs', async () => {
  single('    cmd: "touch ran; echo > ${outs.out}"\n    outs: { out: out.txt }\n');
  pipeline.write('cache', 'a file in its place');
  const failure: unknown = await pipeline.run().catch((error: unknown) => error);
  expect(failure).toMatchObject({
    name: 'UserError',
    message: expect.stringContaining('cache'),
    hint: expect.any(String),
  });
  expect(pipeline.has('ran')).toBe(false);
});
