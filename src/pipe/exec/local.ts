/** Runs attempts as processes of this machine, each in a process group of its own. */
import { createWriteStream, openSync } from 'node:fs';
import { basename } from 'node:path';
import type { Attempt } from '../job/attempt.ts';
import { commandScript, jobFile } from '../job/attempt-files.ts';
import { launcher } from '../job/command.ts';
import { EventTail } from '../job/event-tail.ts';
import { stageHostFile } from '../job/host-file.ts';
import type { StageEvent } from '../job/job.ts';
import { shellFor } from '../job/shell.ts';
import type { Ended, Executor, Running, StopLevel } from './executor.ts';
import { defaultGrace, type Grace } from './grace.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

const signals = { interrupt: 'SIGINT', terminate: 'SIGTERM', kill: 'SIGKILL' } as const;
/** How often the event file is looked at: a bar moves smoothly, and a hundred cells cost nothing. */
const tailEveryMs = 120;

export function localExecutor(grace: Grace = defaultGrace): Executor {
  let watchdog: Watchdog | undefined;
  return {
    async start(attempt, onEvent) {
      watchdog ??= startWatchdog();
      return launch(attempt, onEvent, grace, watchdog);
    },
    async close() {
      await watchdog?.close();
      watchdog = undefined;
    },
  };
}

async function launch(
  attempt: Attempt,
  onEvent: (event: StageEvent) => void,
  grace: Grace,
  watchdog: Watchdog,
): Promise<Running> {
  const { execa } = await import('execa');
  const [file, args] = await commandLine(attempt);
  // The process writes into the file itself: the log is whole even when the driver dies.
  const log = createWriteStream(attempt.log, { fd: openSync(attempt.log, 'a') });
  const subprocess = execa(file, args, {
    cwd: attempt.project,
    env: {
      ...attempt.env,
      PIPE_JOB: jobFile(attempt.folder),
      // Said even when it is empty: a stage that asked for no GPU must not find one.
      CUDA_VISIBLE_DEVICES: attempt.job.resources.gpus.join(','),
    },
    extendEnv: false,
    detached: true,
    cleanup: false,
    reject: false,
    buffer: false,
    stdin: 'ignore',
    stdout: log,
    stderr: log,
  });
  log.destroy();
  const pid = subprocess.pid ?? null;
  if (pid !== null) watchdog.add(pid);

  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, action: () => void) => timers.add(setTimeout(action, ms));
  const stop = (level: StopLevel) => {
    if (pid !== null) signalGroup(pid, signals[level]);
  };
  let timedOut = false;
  if (attempt.timeoutMs !== null) {
    later(attempt.timeoutMs, () => {
      timedOut = true;
      stop('interrupt');
      later(grace.interruptMs, () => {
        stop('terminate');
        later(grace.terminateMs, () => stop('kill'));
      });
    });
  }
  const tail = new EventTail(attempt.job.events, onEvent);
  const ticker = setInterval(() => tail.read(), tailEveryMs);

  const ended = subprocess.then((result): Ended => {
    clearInterval(ticker);
    for (const timer of timers) clearTimeout(timer);
    if (pid !== null) {
      // What the stage left running in the background could still write into the outs that are about to be published.
      signalGroup(pid, 'SIGKILL');
      watchdog.drop(pid);
    }
    tail.read();
    if (pid === null) {
      return { kind: 'launch', message: result.originalMessage ?? `${file} could not be started` };
    }
    if (timedOut) return { kind: 'timeout', afterMs: attempt.timeoutMs ?? 0 };
    if (result.signal !== undefined) return { kind: 'signal', signal: result.signal };
    const code = result.exitCode ?? 1;
    return code === 0 ? { kind: 'ok' } : { kind: 'exit', code };
  });
  return { pid, ended, stop };
}

async function commandLine(attempt: Attempt): Promise<[string, string[]]> {
  if (attempt.run.kind === 'module') {
    return [process.execPath, ['--enable-source-maps', await stageHostFile()]];
  }
  const { file, flags } = shellFor(attempt.run.shell);
  return [file, [...flags, '-c', launcher, basename(file), commandScript(attempt.folder)]];
}

/** A group that is already gone is no error: it ended between the decision and the signal. */
function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM')))
      throw error;
  }
}
