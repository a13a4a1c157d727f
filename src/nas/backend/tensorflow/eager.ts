// Runs TensorFlow operations one at a time and keeps account of their tensors: who is alive, in which scope, how large.

import type { Tensor } from '../contract/backend.ts';
import { tensorsIn } from '../contract/container.ts';
import type { Attribute, Binding, Output } from './binding.ts';

export type AttributeValue = boolean | number | string | readonly number[];

/** A tensor of this engine: the binding's own record of an output. */
export interface Handle extends Tensor {
  readonly id: number;
}

export class Eager {
  readonly #binding: Binding;
  /** Bytes of each tensor that is alive, by id. */
  readonly #alive = new Map<number, number>();
  #bytes = 0;
  /** Tensors made since the scope opened; null outside any scope. */
  #scope: Handle[] | null = null;
  readonly #constants = new Map<string, number>();

  constructor(binding: Binding) {
    this.#binding = binding;
  }

  /** Attributes of an operation on float32, made once and used for every call. */
  attributes(
    values: Readonly<Record<string, AttributeValue>>,
    types: readonly string[] = ['T'],
  ): Attribute[] {
    const binding = this.#binding;
    const result: Attribute[] = types.map((name) => ({
      name,
      type: binding.TF_ATTR_TYPE,
      value: name === 'T' || name === 'U' ? binding.TF_FLOAT : binding.TF_INT32,
    }));
    for (const [name, value] of Object.entries(values)) {
      result.push({ name, type: this.#typeOf(name, value), value });
    }
    return result;
  }

  #typeOf(name: string, value: AttributeValue): number {
    if (typeof value === 'boolean') return this.#binding.TF_ATTR_BOOL;
    if (typeof value === 'string') return this.#binding.TF_ATTR_STRING;
    return name === 'epsilon' || name === 'exponential_avg_factor'
      ? this.#binding.TF_ATTR_FLOAT
      : this.#binding.TF_ATTR_INT;
  }

  /** A small int32 tensor (shapes, paddings, axes), made once and kept. */
  constant(values: readonly number[], shape: readonly number[] = [values.length]): Handle {
    const key = `${shape}:${values}`;
    let id = this.#constants.get(key);
    if (id === undefined) {
      id = this.#binding.createTensor(shape, this.#binding.TF_INT32, Int32Array.from(values));
      this.#constants.set(key, id);
    }
    return { id, shape };
  }

  tensor(values: Float32Array, shape: readonly number[]): Handle {
    return this.#track(this.keep(values, shape));
  }

  /** A tensor outside the account, for constants that stay as long as the engine. */
  keep(values: Float32Array, shape: readonly number[]): Handle {
    // A copy: the binding shares the memory of what it is given.
    const id = this.#binding.createTensor(shape, this.#binding.TF_FLOAT, values.slice());
    return { id, shape: [...shape] };
  }

  /** The values of a tensor, copied. */
  read(tensor: Tensor): Float32Array {
    const values = this.#binding.tensorDataSync(idOf(tensor));
    if (!(values instanceof Float32Array)) throw new TypeError('not a float32 tensor');
    return values;
  }

  readIndices(tensor: Tensor): Int32Array {
    const values = this.#binding.tensorDataSync(idOf(tensor));
    if (!(values instanceof Int32Array)) throw new TypeError('not an int32 tensor');
    return values;
  }

  /** The one output of an operation. */
  one(name: string, attributes: readonly Attribute[], ...inputs: readonly Tensor[]): Handle {
    return this.#track(this.#binding.executeOp(name, attributes, inputs.map(idOf), 1)[0]!);
  }

  many(name: string, attributes: readonly Attribute[], inputs: readonly Tensor[], outputs: number): Handle[] {
    const made = this.#binding.executeOp(name, attributes, inputs.map(idOf), outputs);
    for (const output of made) this.#track(output);
    return made;
  }

  dispose(tensors: Iterable<Tensor>): void {
    for (const tensor of tensors) this.free(tensor);
  }

  /** Disposes one tensor; a second time does nothing. */
  free(tensor: Tensor): void {
    const id = idOf(tensor);
    const bytes = this.#alive.get(id);
    if (bytes === undefined) return;
    this.#alive.delete(id);
    this.#bytes -= bytes;
    this.#binding.deleteTensor(id);
  }

  scope<T>(body: () => T): T {
    const outer = this.#scope;
    const mine: Handle[] = [];
    this.#scope = mine;
    let kept: ReadonlySet<Tensor> = new Set();
    try {
      const result = body();
      kept = tensorsIn(result);
      return result;
    } finally {
      this.#scope = outer;
      for (const tensor of mine) {
        if (!kept.has(tensor)) this.free(tensor);
        else outer?.push(tensor);
      }
    }
  }

  memory(): { tensors: number; bytes: number } {
    return { tensors: this.#alive.size, bytes: this.#bytes };
  }

  #track(output: Output): Handle {
    let bytes = 4;
    for (const length of output.shape) bytes *= length;
    this.#alive.set(output.id, bytes);
    this.#bytes += bytes;
    this.#scope?.push(output);
    return output;
  }
}

/** Every tensor given to this engine was made by it, so it has an id. */
function idOf(tensor: Tensor): number {
  return (tensor as Handle).id;
}
