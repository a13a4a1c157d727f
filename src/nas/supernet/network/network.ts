/** A network's numbers: weights on a backend, running statistics beside them, and their way to files and back. */
import type { Backend, Tensor } from '../../backend/contract/backend.ts';
import { Random } from '../../data/random.ts';
import { elementCount, type Layout, type Parameter } from './layout.ts';
import { SafetensorsError, type StoredTensor } from './safetensors.ts';

/** Statistics that a normalisation uses in evaluation; variance from the unbiased estimate. */
export interface RunningStatistics {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

export interface Network {
  readonly layout: Layout;
  /** One a parameter of the layout. An optimizer replaces them. */
  readonly weights: Tensor[];
  /** One a normalisation of the layout; updated in place. */
  readonly statistics: readonly RunningStatistics[];
}

/** What PyTorch adds to a variance before its root, and the share of a new batch in running statistics. */
export const normEpsilon = 1e-5;
export const statisticsMomentum = 0.1;

/**
 * PyTorch's default initialisation: uniform ±1/√fanIn for convolutions and the linear layer, 1 and 0 for
 * normalisation. Each parameter draws from a stream of its own name, so a masked network starts with the weights that
 * the whole one has.
 */
export function initialise(backend: Backend, layout: Layout, seed: number): Network {
  const weights = layout.parameters.map((parameter) =>
    backend.tensor(initialValues(parameter, seed), parameter.shape),
  );
  return { layout, weights, statistics: freshStatistics(layout) };
}

export function freshStatistics(layout: Layout): RunningStatistics[] {
  return layout.norms.map(({ channels }) => ({
    mean: new Float32Array(channels),
    variance: new Float32Array(channels).fill(1),
  }));
}

function initialValues({ name, shape, kind, fanIn }: Parameter, seed: number): Float32Array {
  const values = new Float32Array(elementCount(shape));
  if (kind === 'scale') return values.fill(1);
  if (kind === 'offset') return values;
  const random = Random.stream(seed, `weights/${name}`);
  const bound = 1 / Math.sqrt(fanIn);
  return values.map(() => bound * (2 * random.uniform() - 1));
}

/** Everything as PyTorch's state dict has it: convolutions OIHW, the linear layer [out, in], `running_mean` and `running_var`. */
export function toStateDict(backend: Backend, network: Network): Map<string, StoredTensor> {
  const { layout, weights, statistics } = network;
  const tensors = new Map<string, StoredTensor>();
  layout.parameters.forEach((parameter, i) => {
    tensors.set(parameter.name, toTorch(parameter.shape, backend.read(weights[i]!)));
  });
  layout.norms.forEach(({ name, channels }, i) => {
    const { mean, variance } = statistics[i]!;
    tensors.set(`${name}.running_mean`, { shape: [channels], data: mean.slice() });
    tensors.set(`${name}.running_var`, { shape: [channels], data: variance.slice() });
  });
  return tensors;
}

/** A network of the layout with the numbers of a state dict. Throws SafetensorsError for a missing or misshapen tensor. */
export function fromStateDict(
  backend: Backend,
  layout: Layout,
  tensors: ReadonlyMap<string, StoredTensor>,
  file: string,
): Network {
  const take = (name: string, shape: readonly number[]): Float32Array => {
    const stored = tensors.get(name);
    if (!stored) throw new SafetensorsError(`${file}: has no tensor '${name}', which this network needs`);
    if (String(stored.shape) !== String(shape))
      throw new SafetensorsError(
        `${file}: '${name}' is [${stored.shape.join(', ')}], this network needs [${shape.join(', ')}]`,
      );
    return stored.data;
  };
  // Statistics first: a missing tensor should not leave others on the backend.
  const statistics = layout.norms.map(({ name, channels }) => ({
    mean: take(`${name}.running_mean`, [channels]).slice(),
    variance: take(`${name}.running_var`, [channels]).slice(),
  }));
  const values = layout.parameters.map(({ name, shape }) => fromTorch(shape, take(name, torchShape(shape))));
  return {
    layout,
    weights: values.map((data, i) => backend.tensor(data, layout.parameters[i]!.shape)),
    statistics,
  };
}

export function disposeNetwork(backend: Backend, network: Network): void {
  backend.dispose(network.weights);
}

/** HWIO → OIHW, [in, out] → [out, in]; vectors stay. */
export function toTorch(shape: readonly number[], values: Float32Array): StoredTensor {
  return { shape: torchShape(shape), data: exchange(shape, values, true) };
}

/** The inverse of toTorch; `shape` is the backend's. */
export function fromTorch(shape: readonly number[], values: Float32Array): Float32Array {
  return exchange(shape, values, false);
}

function torchShape(shape: readonly number[]): number[] {
  const [outputs, inputs, ...rest] = shape.toReversed();
  return inputs === undefined ? [outputs!] : [outputs!, inputs, ...rest.reverse()];
}

function exchange(shape: readonly number[], values: Float32Array, toPyTorch: boolean): Float32Array {
  if (shape.length < 2) return values.slice();
  const outputs = shape.at(-1)!;
  const inputs = shape.at(-2)!;
  const area = values.length / (outputs * inputs);
  const result = new Float32Array(values.length);
  for (let position = 0; position < area; position++)
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++) {
        const ours = (position * inputs + i) * outputs + o;
        const theirs = (o * inputs + i) * area + position;
        if (toPyTorch) result[theirs] = values[ours]!;
        else result[ours] = values[theirs]!;
      }
  return result;
}
