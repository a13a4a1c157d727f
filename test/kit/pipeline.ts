/** A real pipeline in a throw-away folder, planned and run by the engine itself. */
import { EventEmitter } from 'node:events';
import { openWorkspace } from '../../src/pipe/cell/workspace.ts';
import { selectCells } from '../../src/pipe/plan/target.ts';
import { openPlan } from '../../src/pipe/project/open-plan.ts';
import type { RunEvent } from '../../src/pipe/run/event.ts';
import { type RunOptions, type RunOutcome, runPipeline } from '../../src/pipe/run/run.ts';
import { findSource, sourceLookup } from '../../src/pipe/sources/source.ts';
import { Folder } from './folder.ts';

export interface Ran {
  readonly outcome: RunOutcome;
  readonly events: readonly RunEvent[];
  /** Cells that were run, in the order in which they ended. */
  readonly done: readonly string[];
  readonly failed: readonly (RunEvent & { type: 'cell-failed' })[];
}

export interface RunSettings extends Partial<RunOptions> {
  readonly set?: readonly string[];
  readonly onEvent?: (event: RunEvent, signals: EventEmitter) => void;
}

export class Pipeline extends Folder {
  async run({ set = [], onEvent, ...options }: RunSettings = {}): Promise<Ran> {
    const { graph, file } = await openPlan(this.dir, { set });
    const workspace = openWorkspace({
      project: this.dir,
      graph,
      env: options.env ?? process.env,
      source: (name) => findSource(this.dir, graph, name),
      fetch: sourceLookup(this.dir, graph, { onProgress: () => {} }),
    });
    const events: RunEvent[] = [];
    const signals = new EventEmitter();
    const targets = options.targets ?? [];
    const cells = targets.length === 0 ? graph.cells.keys() : selectCells(graph, targets);
    const outcome = await runPipeline(
      {
        project: this.dir,
        graph,
        pipeline: file,
        cells,
        targets,
        mode: 'stop-new',
        force: false,
        noCache: false,
        jobs: 2,
        gpus: null,
        env: process.env,
        workspace,
        report: null,
        // An emitter in place of the test process: its signals are ours to send.
        signals: signals as unknown as Pick<NodeJS.Process, 'on' | 'off'>,
        grace: { interruptMs: 2000, terminateMs: 500 },
        backOffMs: () => 1,
        ...options,
      },
      [
        (event) => {
          events.push(event);
          onEvent?.(event, signals);
        },
      ],
    );
    await workspace.close();
    return {
      outcome,
      events,
      done: events.flatMap((event) => (event.type === 'cell-finished' ? [event.cell] : [])),
      failed: events.filter((event) => event.type === 'cell-failed'),
    };
  }
}
