/** `pipe attach [RUN]`: watches a run that another process drives, and goes on with it when that process is gone. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { RunId } from '../run/event.ts';
import { FollowedEvents } from '../run/follow-events.ts';
import { readRequest } from '../run/run-request.ts';
import { runsOf } from '../run/runs.ts';
import { openScreen } from '../screen/screen.ts';
import { layoutOf } from '../store/layout.ts';
import { runLockName } from '../store/live-run.ts';
import { type Lock, lock } from '../store/lock.ts';
import { type Command, type Invocation, type Parsed, parseCommand, screenFlags } from './command.ts';
import { driveRun, run, screenOptions } from './run.ts';

const lookEveryMs = 200;

export const attach: Command = {
  name: 'attach',
  summary: 'come back to a run: watch it, or go on with it when its process is gone',
  usage: '[RUN] [flags]',
  flags: {
    ...screenFlags,
  },
  examples: [
    ['pipe attach', 'the newest run that has not ended'],
    ['pipe attach 20261124-130501-3f9a', 'a run by its name; `pipe ps` lists them'],
  ],
  async run(parsed, invocation) {
    const { project } = invocation;
    const id = chosen(parsed.arguments[0], project);
    const folder = join(layoutOf(project).runs, id);
    const request = readRequest(folder);
    if (request === null)
      throw new UserError(
        `run ${id} has no record of how it was asked for, so that nothing can go on with it`,
      );
    const held = await watchUntilHeld(id, parsed, invocation);
    if (typeof held === 'number') return held;
    try {
      const again = parseCommand(run, [...request.args, ...screenWords(parsed)]);
      return await driveRun(again, { ...invocation, cwd: request.cwd }, { resume: id });
    } finally {
      held.release();
    }
  },
};

function chosen(named: string | undefined, project: string): RunId {
  const runs = runsOf(layoutOf(project));
  const found =
    named === undefined ? runs.find(({ state }) => state !== 'ended') : runs.find(({ id }) => id === named);
  if (found) return found.id;
  throw new UserError(named === undefined ? 'every run here has ended' : `there is no run ${named} here`, {
    code: exitCode.usage,
    hint: '`pipe ps` lists runs that have not ended; `pipe run` starts one',
  });
}

/** The run's lock, once its driver is gone; or, when the run ended before, the exit code of its end. */
async function watchUntilHeld(id: RunId, parsed: Parsed, invocation: Invocation): Promise<Lock | number> {
  const layout = layoutOf(invocation.project);
  const file = join(layout.runs, id, 'events.jsonl');
  const stop = new AbortController();
  const interrupted = () => stop.abort();
  process.once('SIGINT', interrupted);
  let held: Lock | null = null;
  const locked = lock(layout.locks, runLockName(id), id, { signal: stop.signal }).then(
    (lock) => {
      held = lock;
    },
    () => {},
  );
  // Nobody drives it: no screen is opened for nothing.
  await Promise.race([locked, sleep(300)]);
  const screen = held === null ? await openScreen(screenOptions(parsed, invocation)) : null;
  try {
    const events = new FollowedEvents(file, (event) => screen?.take(event));
    while (held === null && !stop.signal.aborted) {
      const end = events.read();
      if (end !== null) {
        stop.abort();
        await locked;
        (held as Lock | null)?.release();
        return end.outcome === 'done' || end.outcome === 'up-to-date' ? exitCode.ok : exitCode.failed;
      }
      await sleep(lookEveryMs);
    }
    if (held !== null) return held;
    invocation.stderr.write(`run ${id} goes on: pipe attach ${id}\n`);
    return exitCode.ok;
  } finally {
    process.off('SIGINT', interrupted);
    screen?.close();
  }
}

function screenWords(parsed: Parsed): readonly string[] {
  const color = parsed.text('color');
  return [
    ...['json', 'quiet', 'verbose'].filter((flag) => parsed.is(flag)).map((flag) => `--${flag}`),
    ...(color === null ? [] : [`--color=${color}`]),
  ];
}
