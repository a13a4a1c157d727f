/** A real pipeline in a throw-away folder, planned and run by the engine itself. */
import { EventEmitter } from 'node:events';
import { Workspace } from '../../src/pipe/cell/workspace.ts';
import { selectCells } from '../../src/pipe/plan/target.ts';
import { openPlan } from '../../src/pipe/project/open-plan.ts';
import type { RemoteSettings } from '../../src/pipe/remote/settings.ts';
import type { RunEvent } from '../../src/pipe/run/event.ts';
import { runPipeline } from '../../src/pipe/run/run.ts';
import type { RunGoal, RunHooks, RunMachine, RunOutcome, RunReport } from '../../src/pipe/run/run-options.ts';
import { findSource, type SourceLookup, sourceLookup } from '../../src/pipe/sources/source.ts';
import { Folder } from './folder.ts';

export interface Ran {
  readonly outcome: RunOutcome;
  readonly events: readonly RunEvent[];
  /** Cells that were run, in the order in which they ended. */
  readonly done: readonly string[];
  readonly failed: readonly (RunEvent & { type: 'cell-failed' })[];
}

export interface RunSettings extends Partial<RunGoal & RunMachine & RunHooks> {
  readonly report?: RunReport | null;
  readonly fetch?: SourceLookup;
  readonly remote?: RemoteSettings | null;
  readonly set?: readonly string[];
  readonly onEvent?: (event: RunEvent, signals: EventEmitter) => void;
}

export class Pipeline extends Folder {
  async run(settings: RunSettings = {}): Promise<Ran> {
    const { set = [], targets = [], env = process.env, onEvent } = settings;
    const { graph, file, params } = await openPlan(this.dir, { set });
    const events: RunEvent[] = [];
    const signals = new EventEmitter();
    const outcome = await runPipeline(
      {
        project: this.dir,
        pipeline: { graph, file, set, params },
        goal: {
          cells: settings.cells ?? (targets.length === 0 ? graph.cells.keys() : selectCells(graph, targets)),
          targets,
          mode: settings.mode ?? 'stop-new',
          force: settings.force ?? false,
          noCache: settings.noCache ?? false,
        },
        machine: { jobs: settings.jobs ?? 2, gpus: settings.gpus ?? null, env },
        open: (onProgress) =>
          new Workspace({
            project: this.dir,
            graph,
            env,
            source: (name) => findSource(this.dir, graph, name),
            fetch: settings.fetch ?? sourceLookup(this.dir, graph, { onProgress }),
          }),
        remote: settings.remote ?? null,
        report: settings.report ?? null,
        hooks: {
          // An emitter in place of the test process: its signals are ours to send.
          signals: signals as unknown as Pick<NodeJS.Process, 'on' | 'off'>,
          grace: settings.grace ?? { interruptMs: 2000, terminateMs: 500 },
          backOffMs: settings.backOffMs ?? (() => 1),
          ...(settings.bearing ? { bearing: settings.bearing } : {}),
          ...(settings.executor ? { executor: settings.executor } : {}),
        },
      },
      [
        (event) => {
          events.push(event);
          onEvent?.(event, signals);
        },
      ],
    );
    return {
      outcome,
      events,
      done: events.flatMap((event) => (event.type === 'cell-finished' ? [event.cell] : [])),
      failed: events.filter((event) => event.type === 'cell-failed'),
    };
  }
}
