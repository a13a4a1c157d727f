import { expect, test } from 'vitest';
import { RunState } from '../../../src/pipe/run/run-state.ts';
import { frame } from '../../../src/pipe/screen/frame.ts';
import { paint } from '../../../src/pipe/screen/line.ts';
import { liveScreen } from '../../../src/pipe/screen/live.ts';
import { cell, Story } from './events.ts';
import { VirtualTerminal } from './virtual-terminal.ts';

/** A live screen with a clock that the test turns. */
function screen(columns = 100, colour = false) {
  const terminal = new VirtualTerminal(columns);
  let timers: { at: number; action: () => void }[] = [];
  const story = new Story((event) => live.take(event));
  const live = liveScreen({
    terminal,
    colour,
    now: () => story.now,
    later: (action, ms) => {
      const timer = { at: story.now + ms, action };
      timers.push(timer);
      // What clearTimeout gets back: a timer that is cleared is one that the screen replaces at once.
      return setTimeout(() => {}, 0).unref();
    },
  });
  const pass = (ms: number) => {
    story.now += ms;
    const due = timers.filter((timer) => timer.at <= story.now).slice(-1);
    timers = timers.filter((timer) => timer.at > story.now);
    for (const timer of due) timer.action();
  };
  return { terminal, story, pass, live };
}

test('a row per stage with bar and counts, the running cells with progress, metric and time, and a total', () => {
  const { terminal, story, pass } = screen();
  story.start({ data: [''], train: ['a,0', 'a,1', 'b,0', 'b,1'], plot: [''] });
  story.cached('data').started('train[a,0]').done('train[a,0]', 10_000).started('train[a,1]');
  story.tell({ type: 'cell-progress', cell: cell('train[a,1]'), done: 3, total: 12, unit: 'epochs' }, 4000);
  story.tell({ type: 'cell-metric', cell: cell('train[a,1]'), name: 'loss', value: 1.23456, step: 3 });
  pass(200);
  expect(terminal.lines).toEqual([
    '✓ data  ━━━━━━━━━━━━━━━━━━━━ 1/1  1 cached',
    '  train ━━━━━─────────────── 1/4  1 running',
    '  plot  ──────────────────── 0/1',
    '  ▸ train[a,1] ━━━━━─────────────── 3/12 epochs  loss 1.235  4.2 s, 13 s left',
    '  2/6 cells · 14 s',
  ]);
});

test('messages stand above the region and stay, the region is redrawn below them', () => {
  const { terminal, story, pass } = screen();
  story.start({ train: ['0', '1'], plot: [''] }).started('train[0]');
  pass(200);
  story.tell({ type: 'cell-message', cell: cell('train[0]'), level: 'warning', text: 'loss is NaN\x1b[2J' });
  pass(200);
  story.failed('train[0]', { tail: ['ValueError: no'], hint: 'look at it' });
  pass(200);
  expect(terminal.lines).toEqual([
    '! train[0]: loss is NaN',
    '✗ train[0] failed: exit code 1',
    '  │ ValueError: no',
    '  → look at it',
    '  log: logs/train[0]',
    '  train ──────────────────── 0/2  1 failed',
    '  plot  ──────────────────── 0/1',
    '  1/3 cells, 1 failed · 600 ms',
  ]);
});

test('one write a frame, at most eight frames a second', () => {
  const { terminal, story, pass } = screen();
  story.start({ train: ['0'] }).started('train[0]');
  for (let step = 0; step < 200; step++) {
    story.tell({ type: 'cell-progress', cell: cell('train[0]'), done: step, total: 200, unit: '' });
    pass(5);
  }
  expect(terminal.writes.length).toBeGreaterThan(4);
  expect(terminal.writes.length).toBeLessThanOrEqual(9);
});

test('a run that has nothing to do writes its one line and nothing else', () => {
  const { terminal, story } = screen();
  story
    .start({ train: ['0', '1'] })
    .cached('train[0]', 60_000)
    .cached('train[1]', 65_000);
  story.finish('up-to-date', { 'up-to-date': 2 }, { savedMs: 125_000 });
  expect(terminal.lines).toEqual(['✓ up to date: 2 cells (2 min 05 s saved)']);
  expect(terminal.writes.length).toBe(1);
});

test('at the end the region is gone, the cursor is back', () => {
  const { terminal, story, pass } = screen();
  story.start({ train: ['0'] }).started('train[0]');
  pass(200);
  expect(terminal.cursorHidden).toBe(true);
  story.done('train[0]', 1500).finish('done', { done: 1 }, { ms: 1800, report: 'reports/index.html' });
  expect(terminal.lines).toEqual([
    '✓ train: 1 done in 1.7 s',
    '✓ 1 done, 0 cached, 0 failed, 0 not run · 1.8 s · reports/index.html',
  ]);
  expect(terminal.cursorHidden).toBe(false);
});

test('a screen that is closed in the middle leaves the terminal as it was', () => {
  const { terminal, story, pass, live } = screen();
  story.start({ train: ['0'] }).started('train[0]');
  pass(200);
  live.close();
  expect(terminal.lines).toEqual([]);
  expect(terminal.cursorHidden).toBe(false);
});

test('a terminal that becomes narrower leaves no rest of the old frame', () => {
  const { terminal, story, pass } = screen(100);
  story.start({ 'a-stage-with-a-long-name': ['0'] }).started('a-stage-with-a-long-name[0]');
  pass(200);
  const wide = terminal.lines.length;
  // What a terminal does to the lines that stand there: it wraps them.
  const narrow = new VirtualTerminal(40);
  for (const text of terminal.writes) narrow.write(text);
  terminal.columns = 40;
  narrow.writes.length = 0;
  const before = terminal.writes.length;
  pass(1000);
  narrow.write(terminal.writes.slice(before).join(''));
  expect(narrow.lines.length).toBe(wide);
  expect(narrow.lines.every((line) => line.length <= 40)).toBe(true);
});

test('with hundreds of stages and cells the region stays within twelve lines and the width', () => {
  const view = new RunState();
  const story = new Story((event) => view.take(event));
  const stages = Object.fromEntries(
    Array.from({ length: 60 }, (_, stage) => [`stage-${stage}-${'x'.repeat(60)}`, ['0', '1', '2']]),
  );
  story.start(stages);
  for (let stage = 0; stage < 40; stage++) {
    for (const seed of [0, 1, 2]) story.started(`stage-${stage}-${'x'.repeat(60)}[${seed}]`);
  }
  for (const rows of [5, 24, 100]) {
    const lines = frame(view, story.now, rows).map((line) => paint(line, 79, false));
    expect(lines.length).toBeLessThanOrEqual(Math.min(12, rows - 1));
    expect(lines.every((line) => line.length <= 79)).toBe(true);
    expect(lines.at(-1)).toContain('0/180 cells');
  }
  const text = frame(view, story.now, 24).map((line) => paint(line, 200, false));
  expect(text.some((line) => /more stages: \d+ to come/.test(line))).toBe(true);
  expect(text.some((line) => line.includes('117 more running'))).toBe(true);
});

test('colour codes never count as width and are closed in every line', () => {
  const view = new RunState();
  const story = new Story((event) => view.take(event));
  story.start({ train: ['0'] }).started('train[0]');
  for (const line of frame(view, story.now, 24)) {
    const painted = paint(line, 30, true);
    expect(painted.replaceAll(/\x1b\[[\d;]*m/g, '')).toBe(paint(line, 30, false));
    const codes = painted.match(/\x1b\[[\d;]*m/g) ?? [];
    if (codes.length > 0) expect(codes.at(-1)).toMatch(/\[(0|22|39)m/);
  }
});
