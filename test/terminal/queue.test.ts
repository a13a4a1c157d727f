/** Ctrl-C in a terminal while jobs are in a queue: it asks once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildPipe } from '../kit/cli.ts';
import { ShellQueueProject, whyNoShellQueue } from '../kit/shell-queue.ts';
import { hasTmux, Terminal } from '../kit/terminal.ts';

// Whole commands, one after another: a busy machine takes its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });
const patience = { timeout: 60_000, interval: 50 };
const question = /Jobs are in a queue\. Let them run \(l\), or cancel them \(c\)\?/g;

describe.skipIf(!hasTmux || whyNoShellQueue !== null)('Ctrl-C while jobs are in a queue', () => {
  let pipe: Awaited<ReturnType<typeof buildPipe>>;
  let project: ShellQueueProject;
  let terminal: Terminal;
  beforeAll(async () => {
    pipe = await buildPipe();
  });
  afterAll(() => pipe?.remove());
  beforeEach(async () => {
    project = new ShellQueueProject(pipe.file);
    project.counted(2, { cmd: 'sleep 6' });
    terminal = new Terminal(project, { pipe: pipe.file, columns: 120 });
    terminal.type('pipe run --executor lab --no-report; echo ended with $?\n');
    await vi.waitFor(() => expect(project.living()).toHaveLength(2), patience);
    terminal.type('\x03');
    await terminal.shows(question);
  });
  afterEach(() => {
    terminal.close();
    project.remove();
  });

  test('asks, and `l` lets them run: `pipe attach` publishes what they made', async () => {
    // No live view draws over the question.
    await sleep(1500);
    expect(terminal.screen()).toMatch(question);
    terminal.type('l\n');
    await terminal.shows(/ended with 130/);
    expect(project.living()).toHaveLength(2);
    terminal.type('clear; pipe attach; echo attached with $?\n');
    await terminal.shows(/attached with 0/);
    project.exactlyOnce(2);
  });

  test('holds nothing up when nobody answers: the run ends when its jobs do', async () => {
    await terminal.shows(/ended with 130/);
    project.exactlyOnce(2);
    expect(project.pipe('status', '--check').code).toBe(0);
    terminal.type('echo still here\n');
    await terminal.shows(/^still here$/m);
  });

  test('asks once, and a second Ctrl-C cancels them', async () => {
    terminal.type('\x03');
    const screen = await terminal.shows(/ended with 130/);
    expect(screen).not.toMatch(question);
    await vi.waitFor(() => expect(project.living()).toEqual([]), patience);
  });
});
