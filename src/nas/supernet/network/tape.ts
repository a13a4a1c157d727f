/** Reverse-mode differentiation in a few lines: each operation records how to pass its gradient on. */
import type { Backend, Tensor } from '../../backend/contract/backend.ts';

/** A value of the forward pass, and the contributions to its gradient that have arrived. */
export interface Variable {
  readonly value: Tensor;
  /** False for the images: nobody asks for their gradient. */
  readonly differentiable: boolean;
  readonly contributions: Contribution[];
}

interface Contribution {
  readonly gradient: Tensor;
  /** Whether nobody else has the tensor, so that it can go as soon as it is used. */
  readonly owned: boolean;
}

export function variable(value: Tensor, differentiable = true): Variable {
  return { value, differentiable, contributions: [] };
}

export class Tape {
  readonly #backend: Backend;
  readonly #steps: (() => void)[] = [];
  /** Most bytes of tensors alive during `backward`. */
  peakBytes = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /**
   * An operation's result. `passOn` gets its gradient once all that use it have contributed; it is not called where
   * none did, because nothing of the loss depends on it. `shares`: it hands that very gradient on.
   */
  record(value: Tensor, passOn: (gradient: Tensor) => void, shares = false): Variable {
    const result = variable(value);
    this.#steps.push(() => {
      const gradients = result.contributions.map(({ gradient }) => gradient);
      const owned = result.contributions.flatMap((one) => (one.owned ? [one.gradient] : []));
      if (gradients.length === 1) {
        passOn(gradients[0]!);
        if (!shares) this.#backend.dispose(owned);
      } else if (gradients.length > 1) {
        const sum = this.#backend.addN(gradients);
        this.#backend.dispose(owned);
        passOn(sum);
        if (!shares) this.#backend.dispose([sum]);
      }
      // All that used the value have had their turn: large networks need its memory for the gradients to come.
      this.#backend.dispose([value]);
    });
    return result;
  }

  /** Passes the gradients that were contributed to the last results back to everything before them. */
  backward(): void {
    for (const step of this.#steps.reverse()) {
      this.peakBytes = Math.max(this.peakBytes, this.#backend.memory().bytes);
      step();
    }
  }
}
