/** What a cell's job asks of its queue: the stage's resources, unless the executor says otherwise for that stage. */
import { exitCode, UserError } from '../../../lib/diagnostics/diagnostic.ts';
import { bytesText } from '../../../lib/format.ts';
import type { ExecutorDoc } from '../../config/executor-doc.ts';
import type { Cell } from '../../plan/graph.ts';

export interface Asked {
  /** Of one cell; a job whose cells run beside each other asks for as many times as much. */
  readonly cpu: number;
  readonly gpu: number;
  /** Bytes; 0: not said. */
  readonly memory: number;
  /** Milliseconds that one job may take; null: what the queue gives. */
  readonly timeMs: number | null;
  readonly partition: string | null;
  readonly pack: number;
  readonly extra: readonly string[];
}

type Asking = Pick<Cell, 'stage' | 'resources'>;

/** `step`: how often the cell ran out of memory. */
export function askedBy({ stage, resources }: Asking, doc: ExecutorDoc, step = 0): Asked {
  const own = doc.stages.get(stage);
  const steps = [own?.memory ?? resources.memory, ...(resources.memorySteps ?? [])];
  const partition = doc.kind === 'slurm' ? doc.partition : null;
  return {
    cpu: own?.cpu ?? resources.cpu,
    gpu: own?.gpu ?? resources.gpu,
    memory: steps[Math.min(step, steps.length - 1)] ?? 0,
    timeMs: own?.timeMs ?? doc.timeMs,
    partition: own?.partition ?? partition,
    pack: own?.pack ?? doc.pack,
    extra: [...(doc.kind === 'slurm' ? doc.extra : []), ...(own?.extra ?? [])],
  };
}

/** @throws UserError naming each stage that asks for more than the file says a job may have */
export function checkQueueDemand(cells: Iterable<Cell>, doc: ExecutorDoc): void {
  const errors = new Map<string, string>();
  const { most } = doc;
  for (const cell of cells) {
    const asked = askedBy(cell, doc, Number.POSITIVE_INFINITY);
    const problems: string[] = [];
    if (most.cpu !== null && asked.cpu > most.cpu)
      problems.push(`${asked.cpu} processors, a job there may have ${most.cpu}`);
    if (most.gpu !== null && asked.gpu > most.gpu)
      problems.push(`${asked.gpu} GPUs, a job there may have ${most.gpu}`);
    if (most.memory !== null && asked.memory > most.memory)
      problems.push(`${bytesText(asked.memory)} of memory, a job there may have ${bytesText(most.memory)}`);
    if (problems.length > 0)
      errors.set(cell.stage, `${cell.stage} asks ${doc.name} for ${problems.join('; and for ')}`);
  }
  if (errors.size === 0) return;
  throw new UserError([...errors.values()].join('\n'), {
    code: exitCode.usage,
    hint: `ask for less under \`resources\` of the stage, or under \`executors.${doc.name}.stages\``,
  });
}
