/** `pipe attach [RUN]`: watches a run that another process drives, and goes on with it when that process is gone. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { RunId } from '../run/event.ts';
import { FollowedEvents } from '../run/follow-events.ts';
import { recordedEnd } from '../run/recorded-end.ts';
import { readRequest } from '../run/run-request.ts';
import { hasEnded, type KnownRun, runsOf } from '../run/runs.ts';
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
    ['pipe attach', 'the newest run that has not ended; of ended ones, how the newest ended'],
    ['pipe attach 20261124-130501-3f9a', 'a run by its name; `pipe ps` lists them'],
  ],
  async run(parsed, invocation) {
    const { project } = invocation;
    const { id, state } = chosen(parsed.arguments[0], project);
    const folder = join(layoutOf(project).runs, id);
    if (state === 'ended') return await endOf(id, invocation);
    const request = readRequest(folder);
    if (request === null)
      throw new UserError(
        `run ${id} has no record of how it was asked for, so that nothing can go on with it`,
      );
    const held = await watchUntilHeld(id, parsed, invocation);
    if (held === null) return exitCode.ok;
    try {
      // Its driver may have ended it while this process came.
      if (hasEnded(layoutOf(project), id)) return await endOf(id, invocation);
      const again = parseCommand(run, [...request.args, ...screenWords(parsed)]);
      return await driveRun(again, { ...invocation, cwd: request.cwd }, { resume: id });
    } finally {
      held.release();
    }
  },
};

/** A run by its name; without one the newest that has not ended, and the newest of all when every run has. */
function chosen(named: string | undefined, project: string): KnownRun {
  const runs = runsOf(layoutOf(project));
  const found =
    named === undefined
      ? (runs.find(({ state }) => state !== 'ended') ?? runs[0])
      : runs.find(({ id }) => id === named);
  if (found) return found;
  throw new UserError(named === undefined ? 'no run is recorded here' : `there is no run ${named} here`, {
    code: exitCode.usage,
    hint: '`pipe ps` lists runs that have not ended; `pipe run` starts one',
  });
}

/** Says how a run ended, and returns the exit code that it ended with. */
async function endOf(id: RunId, { project, stderr }: Invocation): Promise<number> {
  const end = await recordedEnd(join(layoutOf(project).runs, id));
  if (end === null) {
    stderr.write(`run ${id} was ended before it began a cell: pipe run\n`);
    return exitCode.failed;
  }
  const { done, failed } = end.event.counts;
  stderr.write(`run ${id} has ended: ${end.event.outcome}, ${done} done, ${failed} failed\n`);
  return end.exitCode;
}

/** The run's lock, once its driver is gone or has ended it; null: whoever watches went away. */
async function watchUntilHeld(id: RunId, parsed: Parsed, invocation: Invocation): Promise<Lock | null> {
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
      events.read();
      await Promise.race([locked, sleep(lookEveryMs)]);
    }
    events.read();
    if (held === null) invocation.stderr.write(`run ${id} goes on: pipe attach ${id}\n`);
    return held;
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
