/**
 * Stochastic gradient descent as the study needs it: gradients of several batches summed, clipped, weight decay on some
 * parameters only, momentum. Parameters are joined into two long vectors, so that a step is a handful of operations.
 */
import type { Backend, Tensor } from '../../backend/contract/backend.ts';
import type { Network } from '../network/network.ts';
import type { Variant } from '../network/options.ts';

export type OptimizerOptions = Pick<Variant, 'momentum' | 'weightDecay' | 'clipNorm'>;

/** The parameters that are updated together, and their numbers in one vector each. */
interface Segment {
  readonly decay: number;
  readonly parameters: number[];
  weights: Tensor | null;
  velocity: Tensor | null;
}

export class Optimizer {
  readonly #backend: Backend;
  readonly #network: Network;
  readonly #options: OptimizerOptions;
  readonly #segments: readonly [Segment, Segment];
  /** Parameters that ever took part: the others get neither decay nor momentum, as in PyTorch a gradient of None. */
  readonly #active = new Set<number>();
  /** Gradients since the last step. */
  #pending = new Map<number, Tensor[]>();

  constructor(backend: Backend, network: Network, options: OptimizerOptions) {
    this.#backend = backend;
    this.#network = network;
    this.#options = options;
    const empty = (decay: number): Segment => ({ decay, parameters: [], weights: null, velocity: null });
    this.#segments = [empty(options.weightDecay), empty(0)];
  }

  /** Adds a batch's gradients, which the optimizer then owns, and notes which parameters took part. */
  accumulate(gradients: ReadonlyMap<number, Tensor>, used: Iterable<number>): void {
    this.#activate(used);
    for (const [parameter, gradient] of gradients) {
      const list = this.#pending.get(parameter);
      if (list) list.push(gradient);
      else this.#pending.set(parameter, [gradient]);
    }
  }

  /** Updates the weights with the accumulated gradients and forgets these. */
  step(lr: number): void {
    const backend = this.#backend;
    const gradients = backend.scope(() => {
      const joined = this.#segments.map((segment) => this.#joinedGradient(segment));
      const { clipNorm } = this.#options;
      if (clipNorm === null) return joined;
      // torch.nn.utils.clip_grad_norm_ has the same 1e-6.
      const norm = Math.hypot(...joined.map((gradient) => (gradient ? backend.norm(gradient) : 0)));
      const factor = clipNorm / (norm + 1e-6);
      return factor < 1 ? joined.map((gradient) => gradient && backend.scale(gradient, factor)) : joined;
    });
    for (const list of this.#pending.values()) backend.dispose(list);
    this.#pending = new Map();
    this.#segments.forEach((segment, i) => {
      const gradient = gradients[i];
      if (gradient) this.#update(segment, gradient, lr);
    });
  }

  /** Momentum of every active parameter, by parameter. */
  velocities(): Map<number, Float32Array> {
    const found = new Map<number, Float32Array>();
    for (const { parameters, velocity } of this.#segments) {
      if (!velocity) continue;
      const parts = this.#backend.unpack(velocity, this.#shapes(parameters));
      parameters.forEach((parameter, i) => {
        found.set(parameter, this.#backend.read(parts[i]!));
      });
      this.#backend.dispose(parts);
    }
    return found;
  }

  /** Gradients that wait for the next step, in the order they came, by parameter. */
  pending(): Map<number, Float32Array[]> {
    return new Map(
      [...this.#pending].map(([parameter, list]) => [parameter, list.map((one) => this.#backend.read(one))]),
    );
  }

  /** Puts back what `velocities` and `pending` gave. */
  restore(
    velocities: ReadonlyMap<number, Float32Array>,
    pending: ReadonlyMap<number, readonly Float32Array[]>,
  ): void {
    const shapeOf = (parameter: number) => this.#network.layout.parameters[parameter]!.shape;
    this.#activate(velocities.keys());
    for (const segment of this.#segments) {
      if (!segment.velocity) continue;
      this.#backend.dispose([segment.velocity]);
      segment.velocity = this.#backend.scope(() =>
        this.#backend.pack(
          segment.parameters.map((parameter) =>
            this.#backend.tensor(velocities.get(parameter)!, shapeOf(parameter)),
          ),
        ),
      );
    }
    for (const [parameter, list] of pending)
      this.#pending.set(
        parameter,
        list.map((values) => this.#backend.tensor(values, shapeOf(parameter))),
      );
  }

  dispose(): void {
    for (const list of this.#pending.values()) this.#backend.dispose(list);
    for (const { weights, velocity } of this.#segments)
      this.#backend.dispose([weights, velocity].filter((tensor) => tensor !== null));
  }

  #joinedGradient({ parameters }: Segment): Tensor | null {
    if (parameters.length === 0) return null;
    const { layout } = this.#network;
    return this.#backend.pack(
      parameters.map((parameter) => {
        const [first, ...others] = this.#pending.get(parameter) ?? [];
        if (!first) return this.#backend.zeros(layout.parameters[parameter]!.shape);
        return others.length === 0 ? first : this.#backend.addN([first, ...others]);
      }),
    );
  }

  #update(segment: Segment, gradient: Tensor, lr: number): void {
    const backend = this.#backend;
    const weights = segment.weights!;
    const velocity = segment.velocity!;
    const [newWeights, newVelocity] = backend.scope(() => {
      const decayed = segment.decay === 0 ? gradient : backend.axpby(1, gradient, segment.decay, weights);
      const moved = backend.axpby(this.#options.momentum, velocity, 1, decayed);
      return [backend.axpby(1, weights, -lr, moved), moved] as [Tensor, Tensor];
    });
    backend.dispose([gradient, weights, velocity]);
    segment.weights = newWeights;
    segment.velocity = newVelocity;
    const parts = backend.unpack(newWeights, this.#shapes(segment.parameters));
    segment.parameters.forEach((parameter, i) => {
      backend.dispose([this.#network.weights[parameter]!]);
      this.#network.weights[parameter] = parts[i]!;
    });
  }

  /** Takes parameters in that never took part; their momentum begins at 0. */
  #activate(used: Iterable<number>): void {
    const before = this.#active.size;
    const known = new Set(this.#active);
    for (const parameter of used) this.#active.add(parameter);
    if (this.#active.size === before) return;
    const backend = this.#backend;
    const { layout, weights } = this.#network;
    for (const segment of this.#segments) {
      const kinds = segment === this.#segments[0] ? ['conv', 'linear'] : ['bias', 'scale', 'offset'];
      const next = layout.parameters.flatMap(({ kind }, i) =>
        this.#active.has(i) && kinds.includes(kind) ? [i] : [],
      );
      if (next.length === segment.parameters.length) continue;
      const old = [segment.weights, segment.velocity].filter((tensor) => tensor !== null);
      [segment.weights, segment.velocity] = backend.scope(() => {
        const parts = segment.velocity
          ? backend.unpack(segment.velocity, this.#shapes(segment.parameters))
          : [];
        const velocityOf = (parameter: number) =>
          known.has(parameter)
            ? parts[segment.parameters.indexOf(parameter)]!
            : backend.zeros(layout.parameters[parameter]!.shape);
        return [backend.pack(next.map((i) => weights[i]!)), backend.pack(next.map(velocityOf))] as [
          Tensor,
          Tensor,
        ];
      });
      backend.dispose(old);
      segment.parameters.splice(0, Infinity, ...next);
    }
  }

  #shapes(parameters: readonly number[]): (readonly number[])[] {
    return parameters.map((parameter) => this.#network.layout.parameters[parameter]!.shape);
  }
}
