/** Leases of what a machine has: processors, memory, GPUs by id, and what the pipeline file names. */
import { availableParallelism, totalmem } from 'node:os';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { bytesText } from '../../lib/format.ts';
import type { Cell, Resources } from '../plan/graph.ts';

export interface Capacity {
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  /** Ids of the GPUs that may be used. Empty: stages that want one take turns, and a warning says that there is none. */
  readonly gpus: readonly number[];
  readonly named: Readonly<Record<string, number>>;
  /** How many cells may be at work at once, however little they ask for; left out: any number. */
  readonly places?: number;
}

export interface Lease {
  readonly cpu: number;
  readonly memory: number;
  readonly gpus: readonly number[];
  release(): void;
}

/** `jobs` is -j: how many processors the run may take. */
export function machineCapacity(
  gpus: readonly number[],
  named: ReadonlyMap<string, number>,
  jobs: number | null,
): Capacity {
  const limit = process.constrainedMemory();
  // 0 or a number beyond any machine means that no limit was set.
  const memory = limit > 0 && limit < totalmem() ? limit : totalmem();
  const cpu = jobs ?? availableParallelism();
  return { cpu, memory, gpus, named: Object.fromEntries(named), places: Math.max(1, cpu) };
}

/**
 * Whether every cell could ever run here. Too many processors is only slow, so the lease is made smaller and said;
 * anything else would wait for ever or fail hours later.
 * @returns warnings, one per stage
 * @throws UserError naming each stage that asks for more than there is
 */
export function checkDemand(cells: Iterable<Cell>, capacity: Capacity): readonly string[] {
  const warnings = new Map<string, string>();
  const errors = new Map<string, string>();
  for (const { stage, resources } of cells) {
    if (resources.cpu > capacity.cpu) {
      warnings.set(
        stage,
        `${stage} asks for ${resources.cpu} processors, this run has ${capacity.cpu}: it runs on ${capacity.cpu}`,
      );
    }
    const problems: string[] = [];
    if (resources.memory > capacity.memory) {
      problems.push(
        `${bytesText(resources.memory)} of memory, this machine has ${bytesText(capacity.memory)}`,
      );
    }
    if (capacity.gpus.length > 0 && resources.gpu > capacity.gpus.length) {
      problems.push(`${resources.gpu} GPUs, this run may use ${capacity.gpus.length}`);
    }
    for (const [name, amount] of Object.entries(resources.named)) {
      const has = capacity.named[name] ?? 0;
      if (amount > has) problems.push(`${amount} of ${name}, the pipeline file gives ${has}`);
    }
    if (problems.length > 0) errors.set(stage, `${stage} asks for ${problems.join('; and for ')}`);
  }
  if (errors.size > 0) {
    throw new UserError([...errors.values()].join('\n'), {
      code: exitCode.usage,
      hint: 'ask for less under `resources` of the stage, or run it on a larger machine',
    });
  }
  return [...warnings.values()];
}

/** Halves and tenths of a processor do not add up exactly. */
const rounding = 1e-6;

export class ResourcePool {
  readonly #capacity: Capacity;
  #cpu: number;
  #memory: number;
  readonly #gpus: number[];
  /** Turns for stages that want a GPU on a machine without one. */
  #gpuTurn = 1;
  readonly #named: Map<string, number>;
  #places: number;

  constructor(capacity: Capacity) {
    this.#capacity = capacity;
    this.#cpu = capacity.cpu;
    this.#memory = capacity.memory;
    this.#gpus = [...capacity.gpus];
    this.#named = new Map(Object.entries(capacity.named));
    this.#places = capacity.places ?? Number.POSITIVE_INFINITY;
  }

  /** null: not now. A cell asks for all it needs at once, so no two cells can wait for each other. */
  take(wanted: Resources): Lease | null {
    const cpu = Math.min(wanted.cpu, this.#capacity.cpu);
    if (!this.fits(wanted)) return null;
    this.#places--;
    this.#cpu -= cpu;
    this.#memory -= wanted.memory;
    const turn = wanted.gpu > 0 && this.#capacity.gpus.length === 0 ? 1 : 0;
    this.#gpuTurn -= turn;
    const gpus = turn === 1 ? [] : this.#gpus.splice(0, wanted.gpu);
    for (const [name, amount] of Object.entries(wanted.named)) this.#add(name, -amount);
    let held = true;
    return {
      cpu,
      memory: wanted.memory,
      gpus,
      release: () => {
        if (!held) return;
        held = false;
        this.#places++;
        this.#cpu += cpu;
        this.#memory += wanted.memory;
        this.#gpuTurn += turn;
        this.#gpus.push(...gpus);
        // The lowest ids first, whoever gave them back: which GPU a cell gets is easier to foresee.
        this.#gpus.sort((a, b) => a - b);
        for (const [name, amount] of Object.entries(wanted.named)) this.#add(name, amount);
      },
    };
  }

  /** Whether `take` would give a lease now. */
  fits(wanted: Resources): boolean {
    const gpus = this.#capacity.gpus.length === 0 ? this.#gpuTurn : this.#gpus.length;
    return (
      this.#places > 0 &&
      Math.min(wanted.cpu, this.#capacity.cpu) <= this.#cpu + rounding &&
      wanted.memory <= this.#memory &&
      Math.min(wanted.gpu, Math.max(1, this.#capacity.gpus.length)) <= gpus &&
      Object.entries(wanted.named).every(
        ([name, amount]) => amount <= (this.#named.get(name) ?? 0) + rounding,
      )
    );
  }

  #add(name: string, amount: number): void {
    this.#named.set(name, (this.#named.get(name) ?? 0) + amount);
  }
}
