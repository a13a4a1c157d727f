/** The executors of a run: which cell goes to which, what each has, and each opened when the first cell needs it. */
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import { type ExecutorDoc, localName } from '../config/executor-doc.ts';
import { type Capacity, checkDemand, machineCapacity, ResourcePool } from '../exec/capacity.ts';
import type { Executor, Running } from '../exec/executor.ts';
import type { Grace } from '../exec/grace.ts';
import { localExecutor } from '../exec/local.ts';
import { PlacePool, type Pool, Pools } from '../exec/pools.ts';
import type { StageEvent } from '../job/job.ts';
import { executorOf, noChoice } from '../plan/executor-choice.ts';
import type { Cell } from '../plan/graph.ts';
import { layoutOf } from '../store/layout.ts';
import { type OpenJob, openJobs } from '../store/open-jobs.ts';
import type { RunId } from './event.ts';
import type { RunMachine, RunOptions } from './run-options.ts';

export interface RunExecutors {
  readonly pools: Pools;
  /** For the record: what this machine has, and how many cells each queue takes. */
  readonly resources: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
  nameOf(cell: Cell): string;
  of(cell: Cell): Executor;
  /** Goes on with a job, in whatever queue it is. */
  adopt(job: OpenJob, onEvent: (event: StageEvent) => void): Running;
  /** Ends a job that nobody needs. */
  discard(job: OpenJob): Promise<void>;
  /** Jobs go on without this process. How many there are. */
  leave(): number;
  /** Cells that queues have. */
  underWay(): number;
  close(): Promise<void>;
}

interface Opening {
  readonly run: RunId;
  readonly options: RunOptions;
  readonly grace: Grace;
  readonly onNotice: (text: string) => void;
}

/** @throws UserError when a cell asks for more than its executor has */
export async function openExecutors(needed: readonly Cell[], opening: Opening): Promise<RunExecutors> {
  const { options } = opening;
  const { graph } = options.pipeline;
  const choice = options.machine.executors ?? noChoice;
  const nameOf = (cell: Cell) => executorOf(cell, graph, choice);
  const local = needed.filter((cell) => nameOf(cell) === localName);
  const capacity = machineCapacity(
    await machineGpus(local, options.machine),
    graph.resources,
    options.machine.jobs,
  );
  const warnings = checkDemand(local, capacity);
  const pools = new Map<string, Pool>([[localName, new ResourcePool(capacity)]]);
  const executors = new Map<string, Executor>([
    [localName, options.hooks?.executor ?? localExecutor(opening.grace, { warm: true })],
  ]);
  const places: Record<string, number> = {};
  for (const { doc, queue } of await openQueues(needed, nameOf, opening)) {
    executors.set(doc.name, queue);
    pools.set(doc.name, new PlacePool(doc.cells));
    places[`${doc.name} cells`] = doc.cells;
  }
  return {
    pools: new Pools(pools, graph.resources),
    resources: { ...recorded(capacity), ...places },
    warnings,
    nameOf,
    of(cell) {
      const executor = executors.get(nameOf(cell));
      if (!executor) throw new Error(`${cell.id} has no executor`);
      return executor;
    },
    adopt(job, onEvent) {
      const adopted = executors.get(job.executor)?.adopt?.(job, onEvent);
      if (adopted) return adopted;
      throw new UserError(
        `a job of ${job.cell} is in \`${job.executor}\`, which the pipeline file no longer has`,
        {
          hint: `bring the executor back, or remove cache/jobs/${job.batch} when the queue has no such job`,
        },
      );
    },
    async discard(job) {
      await executors.get(job.executor)?.discard?.(job);
    },
    leave: () => [...executors.values()].reduce((sum, one) => sum + (one.leave?.() ?? 0), 0),
    underWay: () => [...executors.values()].reduce((sum, one) => sum + (one.underWay?.() ?? 0), 0),
    close: async () => {
      for (const executor of executors.values()) await executor.close();
    },
  };
}

/** The queues that cells of this run go to, or have jobs in. */
async function openQueues(
  needed: readonly Cell[],
  nameOf: (cell: Cell) => string,
  { run, options, onNotice }: Opening,
): Promise<readonly { readonly doc: ExecutorDoc; readonly queue: Executor }[]> {
  const layout = layoutOf(options.project, options.pipeline.file);
  const names = new Set([...needed.map(nameOf), ...openJobs(layout).map((job) => job.executor)]);
  const opened: { doc: ExecutorDoc; queue: Executor }[] = [];
  for (const name of names) {
    const doc = options.pipeline.graph.executors.get(name);
    if (!doc) continue;
    const { openQueue } = await import('../exec/queue/open-queue.ts');
    const queue = await openQueue({
      doc,
      cells: needed.filter((cell) => nameOf(cell) === name),
      layout,
      project: options.project,
      pipeline: options.pipeline.file,
      run,
      env: options.machine.env,
      onNotice,
    });
    opened.push({ doc, queue });
  }
  return opened;
}

function recorded({ cpu, memory, gpus, named }: Capacity): Readonly<Record<string, number>> {
  return { cpu, memory, gpu: gpus.length, ...named };
}

/** Ids of the GPUs of this machine that these cells may use; none is looked for when no cell wants one. */
export async function machineGpus(
  cells: readonly Cell[],
  { gpus, env }: Pick<RunMachine, 'gpus' | 'env'>,
): Promise<readonly number[]> {
  if (gpus === null && cells.every((cell) => cell.resources.gpu === 0)) return [];
  const { probeGpus, usableGpus } = await import('../exec/gpu.ts');
  return usableGpus(await probeGpus(), env.CUDA_VISIBLE_DEVICES, gpus);
}
