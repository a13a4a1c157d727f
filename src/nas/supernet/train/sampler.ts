/** Which path each training batch takes: strictly fair (FairNAS) or uniform, one architecture for all cells or one per cell. */
import { Random, type RandomState } from '../../data/random.ts';
import type { Architecture, OperationId } from '../../space/architecture.ts';
import { asArchitecture } from '../../space/architecture.ts';
import { available } from '../../space/mask.ts';
import type { Variant } from '../network/options.ts';

export interface SamplerState {
  random: RandomState;
  /** Operations left in each queue: [topology][edge]. Empty with uniform sampling. */
  queues: number[][][];
}

const edgeCount = 6;

export class Sampler {
  /** Batches whose gradients make one optimizer step. */
  readonly period: number;
  readonly #operations: readonly OperationId[];
  readonly #strictlyFair: boolean;
  readonly #cells: number;
  readonly #random: Random;
  readonly #queues: OperationId[][][];

  /** `cells`: normal cells of the network. `state`: go on from there. */
  constructor(
    options: Pick<Variant, 'mask' | 'sampling' | 'fairPeriod' | 'topology'>,
    cells: number,
    seed: number,
    state?: SamplerState,
  ) {
    this.#operations = available(options.mask);
    this.#strictlyFair = options.sampling === 'strictly-fair';
    this.#cells = cells;
    this.period = !this.#strictlyFair ? 1 : options.fairPeriod === 'five' ? 5 : this.#operations.length;
    this.#random = state ? new Random(state.random) : Random.stream(seed, 'sampler');
    const topologies = options.topology === 'shared' ? 1 : cells;
    this.#queues = Array.from({ length: topologies }, (_, topology) =>
      Array.from(
        { length: edgeCount },
        (_, edge) => [...(state?.queues[topology]?.[edge] ?? [])] as OperationId[],
      ),
    );
  }

  /** The next batch's architecture of every normal cell. */
  next(): readonly Architecture[] {
    const drawn = this.#queues.map((edges) => asArchitecture(edges.map((queue) => this.#draw(queue))));
    return Array.from({ length: this.#cells }, (_, cell) => drawn[cell] ?? drawn[0]!);
  }

  get state(): SamplerState {
    return {
      random: this.#random.state,
      queues: this.#queues.map((edges) => edges.map((queue) => [...queue])),
    };
  }

  #draw(queue: OperationId[]): OperationId {
    if (!this.#strictlyFair) return this.#operations[this.#random.int(this.#operations.length)]!;
    if (queue.length === 0) queue.push(...this.#random.shuffle([...this.#operations]));
    return queue.pop()!;
  }
}
