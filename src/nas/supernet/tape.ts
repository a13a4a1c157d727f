/** Reverse-mode differentiation in forty lines: each operation records how to pass its gradient on. */
import type { Backend, Tensor } from '../backend/backend.ts';

/** A value of the forward pass, and the contributions to its gradient that have arrived. */
export interface Variable {
  readonly value: Tensor;
  /** False for the images: nobody asks for their gradient. */
  readonly differentiable: boolean;
  readonly contributions: Tensor[];
}

export function variable(value: Tensor, differentiable = true): Variable {
  return { value, differentiable, contributions: [] };
}

export class Tape {
  readonly #backend: Backend;
  readonly #steps: (() => void)[] = [];

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /**
   * An operation's result. `passOn` gets its gradient once all that use it have contributed; it is not called where
   * none did, because nothing of the loss depends on it.
   */
  record(value: Tensor, passOn: (gradient: Tensor) => void): Variable {
    const result = variable(value);
    this.#steps.push(() => {
      const [first, ...others] = result.contributions;
      if (first) passOn(others.length === 0 ? first : this.#backend.addN([first, ...others]));
    });
    return result;
  }

  /** Passes the gradients that were contributed to the last results back to everything before them. */
  backward(): void {
    for (const step of this.#steps.reverse()) step();
  }
}
