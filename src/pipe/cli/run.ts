/** `pipe run`: brings cells up to date. Its exit code is the run's. */
import { basename } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { sha256Of } from '../../lib/sha256.ts';
import { executorChoice } from '../plan/executor-choice.ts';
import type { OpenedPipeline } from '../project/open-plan.ts';
import type { RunId } from '../run/event.ts';
import type { RunOptions, RunReport } from '../run/run-options.ts';
import type { FailureMode } from '../run/scheduler.ts';
import type { WitnessWriter } from '../run/witness-writer.ts';
import type { Screen, ScreenOptions } from '../screen/screen.ts';
import {
  type Command,
  executorFlag,
  type Invocation,
  type Parsed,
  pipelineFlags,
  remoteFlags,
  screenFlags,
  strictFlag,
  wholeNumber,
} from './command.ts';
import { detachedRunId } from './detached-run.ts';
import { planOf, remoteChoice, reportIsDue, reportOf, targeted } from './project.ts';
import type { RunRound } from './run-round.ts';

export const run: Command = {
  name: 'run',
  summary: 'run what is not up to date',
  usage: '[TARGET…] [flags]',
  flags: {
    ...pipelineFlags,
    'dry-run': { type: 'boolean', short: 'n', help: 'List what would run, run nothing' },
    'keep-going': { type: 'boolean', short: 'k', help: 'After a failure, go on wherever possible' },
    'fail-fast': { type: 'boolean', help: 'After a failure, end what is running too' },
    force: { type: 'boolean', short: 'f', help: 'Run the targets even when they are up to date' },
    jobs: { type: 'string', short: 'j', value: 'N', help: 'Processors to take (default: all)' },
    ...executorFlag,
    detach: { type: 'boolean', help: 'Run in the background; `pipe attach` comes back to it' },
    watch: { type: 'boolean', short: 'w', help: 'Run again after every edit of what the pipeline reads' },
    poll: {
      type: 'string',
      value: 'MS',
      help: 'With --watch: look at files every so often, for network file systems that report no edit',
    },
    serve: { type: 'boolean', help: 'Show a live page on this machine while the run goes on' },
    port: { type: 'string', value: 'N', help: 'Port of the live page (default: any that is free)' },
    gpus: { type: 'string', value: 'IDS', help: 'GPUs to use: 0,1 (default: all this run may use)' },
    'no-cache': { type: 'boolean', help: 'Restore nothing from the cache' },
    ...remoteFlags,
    'no-report': { type: 'boolean', help: 'Write no report at the end' },
    ...strictFlag,
    ...screenFlags,
  },
  examples: [
    ['pipe run', 'everything that is not up to date'],
    ["pipe run 'train[*,0]' --set train.epochs=2", 'one seed, shorter'],
    ['pipe run evaluate -k -j 4', 'a stage and what it needs, on four processors, past failures'],
    ['pipe run --profile paper -n', 'what that would mean'],
    ['pipe run --watch', 'after each edit, what it touches; a stage says `watch: queue` to be let end first'],
    ['pipe run --watch --poll 1000', 'on NFS, where no edit is reported'],
    [
      'pipe run --serve',
      'with a live page: stages, curves, logs, failures; `pipe serve` shows a detached run',
    ],
    ['pipe run --executor lab --executor compare=local', 'on the queue `lab`, but one stage here'],
    ['pipe run --remote /mnt/lab/cache', 'take what others made, and send what is made here'],
  ],
  async run(parsed, invocation) {
    if (parsed.is('dry-run')) return (await import('./plan.ts')).showPlan(parsed, invocation);
    if (parsed.is('detach')) refuseInBackground(parsed);
    if (parsed.is('detach')) return (await import('./detach.ts')).detachedRun(parsed, invocation);
    if (parsed.is('watch')) {
      const { watchRun } = await import('./watch.ts');
      return watchRun(parsed, invocation, (round) => driveRun(parsed, invocation, { round }));
    }
    return driveRun(parsed, invocation, { detached: detachedRunId(invocation.env) });
  },
};

/** A page or a watch has somebody who waits. @throws UserError (exit 2) */
function refuseInBackground(parsed: Parsed): void {
  const flag = ['serve', 'watch'].find((name) => parsed.is(name));
  if (flag === undefined) return;
  throw new UserError(`--detach and --${flag} contradict each other: nobody waits for it`, {
    code: exitCode.usage,
    hint: '`pipe serve` shows a detached run',
  });
}

/** Which run it is, where that is decided already, and who follows it. */
interface Identity {
  readonly round?: RunRound;
  /** A run whose driver is gone. */
  readonly resume?: RunId;
  /** The name that a command gave which did not wait; undefined: there is none. */
  readonly detached?: RunId | undefined;
}

/** The verb's body; `pipe attach` calls it too, for a run whose driver is gone. */
export async function driveRun(
  parsed: Parsed,
  invocation: Invocation,
  { resume, detached, round }: Identity,
): Promise<number> {
  const { project, cwd, env } = invocation;
  const jobs = wholeNumber(parsed.text('jobs'), 'jobs', 1);
  const gpus = gpuIds(parsed.text('gpus'));
  const mode = failureMode(parsed);
  const strict = isStrict(parsed);
  const opened = await planOf(parsed, invocation);
  const { graph } = opened;
  const goal = goalOf(graph, parsed, mode);
  const executors = executorChoice(graph, parsed.texts('executor'));
  const remote = remoteChoice(opened, parsed, invocation);
  const { openScreen } = await import('../screen/screen.ts');
  const screen = await openScreen(screenOptions(parsed, invocation));
  const { runPipeline } = await import('../run/run.ts');
  round?.begin(opened);
  const live = parsed.is('serve') && round === undefined ? await liveOf(opened, parsed, invocation) : null;
  const [downloads, over] = [new AbortController(), new AbortController()];
  const report = parsed.is('no-report') ? null : reportHook(opened, parsed, project);
  const witness = resume === undefined ? await witnessWriter(opened, parsed, invocation) : null;
  try {
    const outcome = await runPipeline(
      {
        project,
        pipeline: { graph, file: opened.file, set: parsed.texts('set'), params: opened.params },
        goal,
        machine: { jobs, gpus, env, executors },
        remote,
        open: await workspaceOpener(opened, invocation, downloads.signal),
        request: { args: parsed.argv.filter((word) => word !== '--detach'), cwd },
        ...(resume === undefined ? {} : { resume }),
        ...(detached === undefined ? {} : { id: detached }),
        hooks: {
          ...(round ? { steer: round.steer } : {}),
          leaves: leavesAsked(invocation, screen, over.signal),
        },
        report,
        ...(witness === null ? {} : { witness }),
      },
      [
        screen.take,
        ...(live === null ? [] : [live.take]),
        ...(round ? [round.take, ...(round.live ? [round.live.take] : [])] : []),
        (event) => {
          if (event.type === 'run-stopping' && event.why === 'signal') downloads.abort();
        },
      ],
    );
    return strict && (report?.faults() ?? 0) > 0 && outcome.exitCode === exitCode.ok
      ? exitCode.failed
      : outcome.exitCode;
  } finally {
    over.abort();
    screen.close();
    await live?.close();
  }
}

/** What a signal means for jobs in a queue; `over`: aborted when the run has ended. */
function leavesAsked(invocation: Invocation, screen: Screen, over: AbortSignal) {
  return async (signal: NodeJS.Signals): Promise<boolean> => {
    const { asksToLeave } = await import('./ask-to-leave.ts');
    return asksToLeave(invocation, signal, { screen, over });
  };
}

/** The live page of this run, with its address said before anything runs. */
async function liveOf({ title }: OpenedPipeline, parsed: Parsed, invocation: Invocation) {
  const { serveRun } = await import('./serve.ts');
  const live = await serveRun(invocation, title ?? basename(invocation.project), parsed.text('port'));
  invocation.stderr.write(`live: ${live.address}\n`);
  return live;
}

function goalOf(graph: OpenedPipeline['graph'], parsed: Parsed, mode: FailureMode): RunOptions['goal'] {
  return {
    cells: targeted(graph, parsed.arguments),
    targets: parsed.arguments,
    mode,
    force: parsed.is('force'),
    noCache: parsed.is('no-cache'),
  };
}

/** The cells' workspace, with sources that are found or downloaded until `signal`. */
async function workspaceOpener(
  { file, graph }: OpenedPipeline,
  { project, env }: Invocation,
  signal: AbortSignal,
): Promise<RunOptions['open']> {
  const { Workspace } = await import('../cell/workspace.ts');
  const { findSource, sourceLookup } = await import('../sources/source.ts');
  return (onProgress, onWarning) =>
    new Workspace({
      project,
      pipeline: file,
      graph,
      env,
      source: (name) => findSource(project, graph, name),
      fetch: sourceLookup(project, graph, { onProgress, onWarning, signal }),
    });
}

/** The report at the run's end, and how many marks it could not show. */
function reportHook(
  opened: OpenedPipeline,
  parsed: Parsed,
  project: string,
): RunReport & { faults(): number } {
  const set = parsed.texts('set');
  const strict = isStrict(parsed);
  let faults = 0;
  return {
    write: async (ended, workspace) => {
      // Where nothing ran, the report is of the run before.
      const request = ended.outcome === 'up-to-date' ? { set } : { set, ended };
      // What could not be looked at counts: a report that cannot be written shows no mark.
      faults = 1;
      const written = await reportOf(opened, workspace, project, request);
      faults = written.faults.length;
      return written;
    },
    isDue: async (keys, workspace) => strict || (await reportIsDue(opened, workspace, project, keys)),
    faults: () => faults,
  };
}

function isStrict(parsed: Parsed): boolean {
  if (parsed.is('strict') && parsed.is('no-report')) {
    throw new UserError(
      '--strict and --no-report contradict each other: marks are looked at for the report',
      {
        code: exitCode.usage,
      },
    );
  }
  return parsed.is('strict');
}

/** For the next run of the same command, where that says one line; null: it says more. */
async function witnessWriter(
  { file: pipeline, texts, warnings, graph }: OpenedPipeline,
  parsed: Parsed,
  { argv, project, cwd, env }: Invocation,
): Promise<WitnessWriter | null> {
  const { color } = screenChoice(parsed);
  const saysMore = ['json', 'verbose', 'force', 'watch', 'serve'].some((flag) => parsed.is(flag));
  if (saysMore || warnings.length > 0) return null;
  const [{ WitnessWriter }, { witnessFile }] = await Promise.all([
    import('../run/witness-writer.ts'),
    import('../run/witness.ts'),
  ]);
  return new WitnessWriter({
    file: witnessFile(project, cwd, argv),
    project,
    pipeline,
    text: sha256Of(texts.get(pipeline) ?? ''),
    graph,
    color,
    env,
    report: !parsed.is('no-report'),
  });
}

function failureMode(parsed: Parsed): FailureMode {
  if (parsed.is('keep-going') && parsed.is('fail-fast')) {
    throw new UserError('--keep-going and --fail-fast contradict each other', { code: exitCode.usage });
  }
  return parsed.is('keep-going') ? 'keep-going' : parsed.is('fail-fast') ? 'fail-fast' : 'stop-new';
}

function gpuIds(text: string | null): readonly number[] | null {
  if (text === null) return null;
  const ids = text === '' ? [] : text.split(',').map(Number);
  if (ids.some((id) => !Number.isInteger(id) || id < 0)) {
    throw new UserError(`--gpus takes ids such as 0,1, not '${text}'`, { code: exitCode.usage });
  }
  return ids;
}

export function screenOptions(parsed: Parsed, { env, stdout, stderr }: Invocation): ScreenOptions {
  return { ...screenChoice(parsed), env, stdout, stderr };
}

function screenChoice(parsed: Parsed): Pick<ScreenOptions, 'kind' | 'color' | 'detail'> {
  const when = parsed.text('color') ?? 'auto';
  if (when !== 'auto' && when !== 'always' && when !== 'never') {
    throw new UserError(`--color takes auto, always or never, not '${when}'`, { code: exitCode.usage });
  }
  const detail = parsed.is('quiet') ? 'quiet' : parsed.is('verbose') ? 'verbose' : 'usual';
  return { kind: parsed.is('json') ? 'json' : 'auto', color: when, detail };
}
