/** Runs attempts as processes of this machine, each in a process group of its own. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import type { Attempt } from '../job/attempt.ts';
import { commandScript, jobFile } from '../job/attempt-files.ts';
import { launcher } from '../job/command.ts';
import { EventTail } from '../job/event-tail.ts';
import { stageHostFile } from '../job/host-file.ts';
import { returnedFile, type StageEvent } from '../job/job.ts';
import { Masker } from '../job/mask.ts';
import { pythonHostFile } from '../job/python-host-file.ts';
import { shellFor } from '../job/shell.ts';
import { warmFlag } from '../job/warm-channel.ts';
import type { Ended, Executor, Running, StopLevel } from './executor.ts';
import { defaultGrace, type Grace } from './grace.ts';
import { type ProcessEnd, processEnd, signalGroup } from './process-end.ts';
import { killStrays } from './strays.ts';
import { type Usage, usageOfGroup } from './usage.ts';
import { fitnessOf } from './warm/fit.ts';
import { type WarmChild, WarmPool } from './warm/warm-pool.ts';
import { startWatchdog, type Watchdog } from './watchdog.ts';

const signals = { interrupt: 'SIGINT', terminate: 'SIGTERM', kill: 'SIGKILL' } as const;
/** How often the event file is looked at: a bar moves smoothly, and a hundred cells cost nothing. */
const tailEveryMs = 120;

interface LocalOptions {
  /** A program with its arguments that starts every attempt's own. */
  readonly under?: readonly string[];
  /** Reads what stages report; whoever only hosts attempts of another process leaves that to it. */
  readonly follows?: boolean;
  /** Stages whose code allows it run cell after cell in one process. */
  readonly warm?: boolean;
}

export function localExecutor(
  grace: Grace = defaultGrace,
  { under = [], follows = true, warm = false }: LocalOptions = {},
): Executor {
  let watchdog: Watchdog | undefined;
  let pool: WarmPool | undefined;
  return {
    async start(attempt, onEvent) {
      watchdog ??= startWatchdog();
      const [file, args] = await commandLine(attempt);
      const [first = file, ...others] = [...under, file, ...args];
      if (warm) pool ??= new WarmPool(watchdog);
      const how = { onEvent: follows ? onEvent : null, grace, watchdog, pool };
      return launch(attempt, [first, others], how);
    },
    async close() {
      await pool?.close();
      pool = undefined;
      await watchdog?.close();
      watchdog = undefined;
    },
  };
}

type CommandLine = readonly [file: string, args: readonly string[]];

interface Launching {
  /** null: nobody here wants to know. */
  readonly onEvent: ((event: StageEvent) => void) | null;
  readonly grace: Grace;
  readonly watchdog: Watchdog;
  /** undefined: every attempt has a process of its own. */
  readonly pool: WarmPool | undefined;
}

async function launch(
  attempt: Attempt,
  command: CommandLine,
  { onEvent, grace, watchdog, pool }: Launching,
): Promise<Running> {
  const child = (await startWarm(attempt, command, pool)) ?? (await startOwn(attempt, command, watchdog));
  const { pid } = child;
  const stop = (level: StopLevel) => child.signal(signals[level]);
  const limit = timeLimit(attempt.timeoutMs, grace, stop);
  const tail = onEvent && new EventTail(attempt.job.events, onEvent);
  const ticker = setInterval(() => tail?.read(), tailEveryMs);
  const measured = pid === null ? () => null : usageOfGroup(pid, child.cpuBefore);
  let usage: Usage | null = null;

  const ended = child.ended.then((how): Ended => {
    clearInterval(ticker);
    usage = measured();
    limit.clear();
    tail?.read();
    if (how.kind !== 'launch' && limit.passed()) return { kind: 'timeout', afterMs: attempt.timeoutMs ?? 0 };
    if (how.kind === 'ok' && attempt.run.kind === 'module' && !existsSync(returnedFile(attempt.folder)))
      return { kind: 'unfinished', code: 0, message: unfinished };
    return how;
  });
  return { pid, ended, stop, usage: () => usage };
}

/** null: the attempt is to have a process of its own. */
async function startWarm(
  attempt: Attempt,
  [file, args]: CommandLine,
  pool: WarmPool | undefined,
): Promise<WarmChild | null> {
  const fitness = pool === undefined ? null : fitnessOf(attempt);
  if (pool === undefined || fitness === null) return null;
  const env = { ...attempt.env, ...visibleDevices(attempt) };
  return pool.start(attempt, { file, args: [...args, warmFlag], env }, fitness);
}

async function startOwn(attempt: Attempt, command: CommandLine, watchdog: Watchdog): Promise<WarmChild> {
  const job = jobFile(attempt.folder);
  const started = performance.now();
  const { pid, ended } = await startLogged(attempt, command, () => {
    // What the stage left running could still write into the outs that are about to be published, and holds the log open.
    signalGroup(pid, 'SIGKILL');
    killStrays(job, pid === null ? null : { pid, ms: performance.now() - started });
  });
  if (pid === null) return { pid, ended, cpuBefore: 0, signal() {} };
  watchdog.add(pid, job);
  const gone = ended.finally(() => watchdog.drop(pid));
  return { pid, ended: gone, cpuBefore: 0, signal: (signal) => signalGroup(pid, signal) };
}

const unfinished =
  'the process ended with 0 before its stage returned: it called process.exit or os._exit, or awaits what never comes';

interface TimeLimit {
  passed(): boolean;
  clear(): void;
}

/** SIGINT asks, SIGTERM insists, SIGKILL ends. */
function timeLimit(ms: number | null, grace: Grace, stop: (level: StopLevel) => void): TimeLimit {
  let passed = false;
  let timer: NodeJS.Timeout | undefined;
  const after = (wait: number, action: () => void) => {
    timer = setTimeout(action, wait);
  };
  if (ms !== null)
    after(ms, () => {
      passed = true;
      stop('interrupt');
      after(grace.interruptMs, () => {
        stop('terminate');
        after(grace.terminateMs, () => stop('kill'));
      });
    });
  return { passed: () => passed, clear: () => clearTimeout(timer) };
}

interface Child {
  readonly pid: number | null;
  /** It is gone, and everything it wrote is in its log. */
  readonly ended: Promise<ProcessEnd>;
}

function startLogged(attempt: Attempt, command: CommandLine, onExit: () => void): Promise<Child> | Child {
  const options = {
    cwd: attempt.project,
    env: {
      ...attempt.env,
      PIPE_JOB: jobFile(attempt.folder),
      ...visibleDevices(attempt),
    },
    // A process group of its own: a signal reaches all of it, and a Ctrl-C in the terminal none.
    detached: true,
  };
  const masker = new Masker(attempt.secrets);
  return masker.idle
    ? startPlain(attempt.log, command, options, onExit)
    : startMasked(attempt.log, command, { ...options, masker }, onExit);
}

interface StartOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly detached: boolean;
}

/** The process writes into the log itself, which so is whole even when the driver dies. */
function startPlain(
  path: string,
  [file, args]: CommandLine,
  options: StartOptions,
  onExit: () => void,
): Child {
  const log = openSync(path, 'a', 0o666);
  try {
    const child = spawn(file, args, { ...options, stdio: ['ignore', log, log] });
    const ended = new Promise<ProcessEnd>((resolve) => {
      child.once('error', ({ message }) => resolve({ kind: 'launch', message }));
      child.once('exit', (code, signal) => {
        onExit();
        resolve(processEnd(code, signal));
      });
    });
    return { pid: child.pid ?? null, ended };
  } catch (error) {
    // Such as an environment that is larger than the system takes.
    const message = error instanceof Error ? error.message : String(error);
    return { pid: null, ended: Promise.resolve({ kind: 'launch', message }) };
  } finally {
    closeSync(log);
  }
}

/** A process that was given a secret writes into a pipe, and the driver masks what comes: no secret is ever on the disk. */
async function startMasked(
  path: string,
  [file, args]: CommandLine,
  { masker, ...options }: StartOptions & { readonly masker: Masker },
  onExit: () => void,
): Promise<Child> {
  const { execa } = await import('execa');
  const fd = openSync(path, 'a', 0o600);
  // Both streams in one pipe, so that lines stay in the order in which they were written.
  const subprocess = execa('/bin/sh', ['-c', 'exec "$@" 2>&1', 'sh', file, ...args], {
    ...options,
    extendEnv: false,
    cleanup: false,
    reject: false,
    buffer: false,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  });
  const stream = masker.stream();
  subprocess.stdout?.on('data', (chunk: Buffer) => writeSync(fd, stream.push(chunk)));
  if (subprocess.pid !== undefined) subprocess.once('exit', onExit);
  const ended = subprocess.then((result): ProcessEnd => {
    writeSync(fd, stream.end());
    closeSync(fd);
    if (subprocess.pid === undefined)
      return { kind: 'launch', message: result.originalMessage ?? `${file} could not be started` };
    return processEnd(result.exitCode ?? null, result.signal ?? null);
  });
  return { pid: subprocess.pid ?? null, ended };
}

/** Said even when it is empty: a stage that asked for no GPU must not find one. */
function visibleDevices({ devices, job }: Attempt): Readonly<Record<string, string>> {
  if (devices === null) return {};
  return { CUDA_VISIBLE_DEVICES: devices ?? job.resources.gpus.join(',') };
}

/** What starts the attempt: a program and its arguments. */
export async function commandLine(attempt: Attempt): Promise<CommandLine> {
  if (attempt.run.kind === 'module') {
    const { python, file } = attempt.run;
    if (python !== null)
      return [python.interpreter[0], [...python.interpreter.slice(1), pythonHostFile(), file]];
    return [process.execPath, ['--enable-source-maps', await stageHostFile()]];
  }
  const { file, flags } = shellFor(attempt.run.shell);
  return [file, [...flags, '-c', launcher, basename(file), commandScript(attempt.folder)]];
}
