/** A run: looks at every cell that is wanted, and runs what is not up to date. */
import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import { Masker, secretsOf } from '../job/mask.ts';
import type { CellId } from '../plan/graph.ts';
import { withUpstream } from '../plan/target.ts';
import {
  announce,
  type CachedEvent,
  cachedEvent,
  cellOf,
  endOf,
  finish,
  type Run,
  writeReport,
} from './current-run.ts';
import type { Subscriber } from './event.ts';
import { EventStream } from './event-stream.ts';
import { newRunId } from './run-folder.ts';
import type { RunOptions, RunOutcome } from './run-options.ts';

/**
 * Never leaves a process of its own behind.
 * @throws UserError when a cell asks for more than this machine has, before anything ran
 */
export async function runPipeline(
  options: RunOptions,
  subscribers: readonly Subscriber[],
): Promise<RunOutcome> {
  const { goal, pipeline } = options;
  const secrets = [...pipeline.graph.cells.values()].flatMap(({ env }) =>
    secretsOf(env, options.machine.env),
  );
  secrets.push(...(options.remote?.secrets ?? []));
  const events = new EventStream(subscribers, new Masker(new Set(secrets)));
  const chosen = new Set(goal.cells);
  await using workspace = options.open(
    (source, done, total) => events.say({ type: 'source-progress', source, done, total }),
    (text) => events.say({ type: 'warning', text }),
  );
  const run: Run = {
    id: options.resume ?? options.id ?? newRunId(new Date()),
    options,
    events,
    workspace,
    wanted: withUpstream(pipeline.graph, chosen),
    forced: goal.force ? await notYetForced(options, chosen) : new Set(),
    started: performance.now(),
  };
  const inPlace = await lookAtAll(run);
  // One that goes on has a record, which gets its end.
  if (inPlace.size === run.wanted.size && options.resume === undefined)
    return await nothingToDo(run, inPlace);
  // Loaded only now: a run that has nothing to do needs no scheduler and no executor.
  const { runCells } = await import('./run-cells.ts');
  return await runCells(run, inPlace);
}

/** A run that goes on does not force again what it has done. */
async function notYetForced(
  { project, resume }: RunOptions,
  chosen: ReadonlySet<CellId>,
): Promise<ReadonlySet<CellId>> {
  if (resume === undefined) return chosen;
  const { recordedState } = await import('./read-events.ts');
  const before = await recordedState(project, resume);
  return new Set([...chosen].filter((id) => before?.cells.get(id)?.state !== 'done'));
}

/** Nothing is loaded and nothing recorded; a report is only written where none fits. */
async function nothingToDo(run: Run, inPlace: ReadonlyMap<CellId, CachedEvent>): Promise<RunOutcome> {
  announce(run, {}, null);
  for (const cached of inPlace.values()) run.events.say(cached);
  const keys = new Map([...inPlace].map(([id, { key }]) => [id, key]));
  const due = await run.options.report?.isDue(keys, run.workspace);
  const report = due === true ? await writeReport(run, endOf(run, 'up-to-date')) : null;
  const outcome = finish(run, 'up-to-date', exitCode.ok, report);
  if (due !== true) run.options.witness?.write(run.workspace, run.events.state.savedMs);
  return outcome;
}

/** Cells that need nothing at all: neither they nor what they need. */
async function lookAtAll(run: Run): Promise<ReadonlyMap<CellId, CachedEvent>> {
  const { workspace, wanted, forced, options } = run;
  const { witness } = options;
  const { graph } = options.pipeline;
  witness?.begin(workspace.digests.now());
  const inPlace = new Map<CellId, CachedEvent>();
  for (const id of wanted) {
    const status = await workspace.look(id, {
      onInputs: (_, inputs) => witness?.add(cellOf(graph, id), inputs, workspace),
    });
    if (status.state === 'frozen') await workspace.keepFrozen(id);
    const cached = forced.has(id) ? null : cachedEvent(id, status);
    if (cached) inPlace.set(id, cached);
  }
  return inPlace;
}
