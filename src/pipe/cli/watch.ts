/** The body of `pipe run --watch`: runs, waits for an edit, runs again, until Ctrl-C. */
import { basename } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { countText } from '../../lib/format.ts';
import { type OpenedPipeline, openPlan } from '../project/open-plan.ts';
import { type Standing, standingOf } from '../watch/affected.ts';
import { FileChanges, outsideOf } from '../watch/file-changes.ts';
import { Round } from '../watch/round.ts';
import { type Invocation, type Parsed, wholeNumber } from './command.ts';
import { printUserError } from './print-error.ts';
import { pipelineFile } from './project.ts';
import type { RunRound } from './run-round.ts';

/** `drive`: one run. Its exit code is that of the last run when it is ended under way, else 0. */
export async function watchRun(
  parsed: Parsed,
  invocation: Invocation,
  drive: (round: RunRound) => Promise<number>,
): Promise<number> {
  const { project, env, stderr } = invocation;
  const plan = () => planNow(parsed, invocation);
  const first = await plan();
  const changes = await FileChanges.open({
    project,
    outside: first === null ? [] : sourcesOutside(project, first),
    pollMs: pollMs(parsed),
  });
  const live = parsed.is('serve') ? await liveOf(first, parsed, invocation) : null;
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    for (;;) {
      const round = new Round({ project, env, plan });
      const unlisten = changes.listen(() => void round.onEdit().catch(() => {}));
      const code = await oneRun(drive, round, live, invocation);
      unlisten();
      if (stop.signal.aborted) return code;
      if (round.edited) continue;
      if (!parsed.is('json'))
        stderr.write(`watching ${countText(changes.count, 'file')}: edit one, or Ctrl-C\n`);
      if (!(await untilItMatters(changes, stop.signal, { round, project, env, plan }))) return exitCode.ok;
    }
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
    await changes.close();
    await live?.close();
  }
}

/** A pipeline with a mistake is said, and waits for the next edit like one that failed. */
async function oneRun(
  drive: (round: RunRound) => Promise<number>,
  round: Round,
  live: RunRound['live'],
  invocation: Invocation,
): Promise<number> {
  try {
    return await drive({
      take: round.take,
      steer: round.steer,
      begin: (opened) => round.begin(opened),
      live,
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    printUserError(error, invocation);
    return error.code;
  }
}

interface Looked {
  readonly opened: OpenedPipeline;
  readonly standing: Standing;
}

interface Looking extends Pick<Invocation, 'project' | 'env'> {
  readonly plan: () => Promise<OpenedPipeline | null>;
}

/** Waits for an edit after which some cell stands otherwise than `round` left it. False: the watch was ended first. */
async function untilItMatters(
  changes: FileChanges,
  signal: AbortSignal,
  { round, ...looking }: Looking & { readonly round: Round },
): Promise<boolean> {
  const before = look(looking);
  for (;;) {
    const edited = nextEdit(changes, signal);
    const then = await before;
    if (!(await edited)) return false;
    // The edit may have come after the run and before the first look, which so shows nothing new.
    if (then !== null && !round.workedWith(then.opened, then.standing)) return true;
    const now = await look(looking);
    if (now === null || now.standing.text !== then?.standing.text) return true;
  }
}

/** null: the pipeline cannot be planned, which the next run says. */
async function look({ project, env, plan }: Looking): Promise<Looked | null> {
  const opened = await plan();
  return opened && { opened, standing: await standingOf(opened, { project, env }) };
}

/** False: the watch was ended first. */
function nextEdit(changes: FileChanges, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (edited: boolean) => {
      unlisten();
      signal.removeEventListener('abort', onAbort);
      resolve(edited);
    };
    const onAbort = () => settle(false);
    const unlisten = changes.listen(() => settle(true));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
}

async function planNow(parsed: Parsed, invocation: Invocation): Promise<OpenedPipeline | null> {
  try {
    return await openPlan(invocation.project, {
      file: pipelineFile(parsed, invocation),
      profile: parsed.text('profile'),
      set: parsed.texts('set'),
    });
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

function sourcesOutside(project: string, { graph }: OpenedPipeline): readonly string[] {
  const paths = [...graph.sources.values()].flatMap(({ candidates }) => candidates.map(({ path }) => path));
  return outsideOf(project, paths);
}

async function liveOf(first: OpenedPipeline | null, parsed: Parsed, invocation: Invocation) {
  const { serveRun } = await import('./serve.ts');
  const live = await serveRun(invocation, first?.title ?? basename(invocation.project), parsed.text('port'));
  invocation.stderr.write(`live: ${live.address}\n`);
  return live;
}

/** @throws UserError (exit 2) */
function pollMs(parsed: Parsed): number | null {
  return wholeNumber(parsed.text('poll'), 'poll', 100);
}
