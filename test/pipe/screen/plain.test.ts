import { expect, test } from 'vitest';
import { githubDecoration } from '../../../src/pipe/screen/github.ts';
import { type PlainOptions, plainScreen } from '../../../src/pipe/screen/plain.ts';
import { usesColour } from '../../../src/pipe/screen/screen.ts';
import { cell, Story } from './events.ts';

function screen(options: Partial<PlainOptions> = {}) {
  const lines: string[] = [];
  const write = (text: string) => lines.push(...text.trimEnd().split('\n'));
  const story = new Story(plainScreen({ write, colour: false, detail: 'usual', ...options }));
  return { lines, story };
}

test('elsewhere: the plan in a line, a line per change, the numbers at the end, no cursor codes', () => {
  const { lines, story } = screen();
  story.start({ data: [''], train: ['0', '1'] }, 'cpu').cached('data', 5000);
  story.started('train[0]').done('train[0]', 2000).started('train[1]').done('train[1]', 3000);
  story.finish(
    'done',
    { done: 2, 'up-to-date': 1 },
    { ms: 5000, savedMs: 5000, report: 'reports/index.html' },
  );
  expect(lines).toEqual([
    'pipeline.yaml (profile cpu): 3 cells of 2 stages, 1 up to date, 2 to look at',
    '  train[0] done in 2.0 s',
    '  train[1] done in 3.0 s',
    '✓ train: 2 done in 5.0 s',
    '✓ 2 done, 1 cached, 0 failed, 0 not run · 5.0 s, 5.0 s saved · reports/index.html',
  ]);
  expect(lines.join('')).not.toContain('\x1b');
});

test('equal failures are one, with the line that says most, the log, the command, and what they kept from running', () => {
  const { lines, story } = screen({ detail: 'quiet' });
  story.start({ train: ['0', '1', '2'], plot: [''] }, 'a b');
  for (const seed of ['0', '1', '2']) {
    story.started(`train[${seed}]`);
    story.failed(`train[${seed}]`, {
      tail: ['RangeError: no such axis', '    at net.ts:3:4', '    at async run (host.js:1:1)'],
    });
  }
  story.blocked('plot', 'train[0]');
  const before = lines.length;
  story.finish('failed', { failed: 3, blocked: 1 });
  expect(lines.slice(before)).toEqual([
    '✗ 3 cells of train failed: exit code 1',
    '    train[0], train[1], train[2]',
    '    │ RangeError: no such axis',
    '    log    logs/train[0]',
    "    rerun  npx pipe run --profile 'a b' 'train[0]'",
    '    so plot did not run',
    "→ next  mend it, then npx pipe run --profile 'a b': what is done stays done",
    '✗ 0 done, 0 cached, 3 failed, 1 not run · 1.0 s',
  ]);
});

test('a long run says how far it is every tenth of it, not a line per cell', () => {
  const { lines, story } = screen();
  const seeds = Array.from({ length: 200 }, (_, seed) => String(seed));
  story.start({ train: seeds });
  for (const seed of seeds) story.started(`train[${seed}]`).done(`train[${seed}]`, 100);
  expect(lines.filter((line) => /^ {2}\d+\/200 cells/.test(line)).length).toBe(10);
  expect(lines.length).toBeLessThan(14);
  expect(lines[1]).toBe('  20/200 cells, 0 running, 2.0 s, about 18 s left');
});

test('verbose also says why each cell runs, where its log is, and what it reports', () => {
  const { lines, story } = screen({ detail: 'verbose' });
  story.start({ train: ['0'] });
  story.tell({
    type: 'cell-ready',
    cell: cell('train[0]'),
    reasons: [
      { kind: 'param', name: 'epochs', from: 1, to: 2 },
      { kind: 'code', file: 'lib/net.ts', via: [] },
    ],
    expectedMs: null,
  });
  story.started('train[0]');
  story.tell({ type: 'cell-message', cell: cell('train[0]'), level: 'info', text: 'reading' });
  expect(lines).toContain('  train[0] must run: param epochs: 1 → 2; code of lib/net.ts');
  expect(lines).toContain('  train[0] started, log logs/train[0]');
  expect(lines.at(-1)).toBe('· train[0]: reading');
});

test('a heartbeat says that the run goes on', () => {
  const { lines, story } = screen();
  story
    .start({ train: ['0'] })
    .started('train[0]')
    .tell({ type: 'heartbeat' }, 30_000);
  expect(lines.at(-1)).toBe('  0/1 cells, 1 running, 30 s');
});

test('GitHub gets an annotation and a folded group, and a stage cannot give commands to the workflow', () => {
  const { lines, story } = screen({ decorate: githubDecoration });
  story.start({ train: ['a,0'] }).started('train[a,0]');
  story.tell({ type: 'cell-message', cell: cell('train[a,0]'), level: 'warning', text: '::add-mask::x' });
  story.failed('train[a,0]', { message: 'exit code 1', tail: ['50% done'] });
  expect(lines).toContain('::group::✗ train[a,0] failed: exit code 1');
  expect(lines).toContain('::error title=train[a%2C0] failed::exit code 1');
  expect(lines.filter((line) => line.startsWith('::add-mask'))).toEqual([]);
});

test('colour: the flag, NO_COLOR, FORCE_COLOR, TERM=dumb, the terminal, in this order', () => {
  expect(usesColour('always', { NO_COLOR: '1' }, false)).toBe(true);
  expect(usesColour('never', { FORCE_COLOR: '1' }, true)).toBe(false);
  expect(usesColour('auto', { NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false);
  expect(usesColour('auto', { FORCE_COLOR: '1', TERM: 'dumb' }, false)).toBe(true);
  expect(usesColour('auto', { FORCE_COLOR: '0' }, true)).toBe(false);
  expect(usesColour('auto', { TERM: 'dumb' }, true)).toBe(false);
  expect(usesColour('auto', { TERM: 'xterm' }, true)).toBe(true);
  expect(usesColour('auto', { TERM: 'xterm' }, false)).toBe(false);
});

test('the rerun command carries --file, --profile and --set, each word as a shell reads it back', () => {
  const { lines, story } = screen({ detail: 'quiet' });
  story.start({ train: ['0'] }, 'a b', { pipeline: 'other.yaml', set: ['axes.seed=[0, 1]', 'epochs=2'] });
  story.failed('train[0]').finish('failed', { failed: 1 });
  expect(lines).toContain(
    "    rerun  npx pipe run --file other.yaml --profile 'a b' --set 'axes.seed=[0, 1]' --set epochs=2 'train[0]'",
  );
});

test('a long restore says files, bytes and the reason, a line every tenth of it', () => {
  const { lines, story } = screen();
  story.start({ train: [''] });
  for (const files of [100, 150, 1000, 2000]) {
    story.tell({
      type: 'cell-restoring',
      cell: cell('train'),
      files,
      totalFiles: 2000,
      bytes: files * 1000,
      totalBytes: 2_000_000,
      reasons: [{ kind: 'out-changed', name: 'd' }],
    });
  }
  expect(lines.slice(1)).toEqual([
    '  train: putting back 100 of 2000 files, 97.7 KiB of 1.91 MiB (out d was changed)',
    '  train: putting back 1000 of 2000 files, 977 KiB of 1.91 MiB (out d was changed)',
    '  train: putting back 2000 of 2000 files, 1.91 MiB of 1.91 MiB (out d was changed)',
  ]);
});
