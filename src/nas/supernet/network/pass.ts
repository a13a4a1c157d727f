/**
 * One training batch through a network along one path: forward, loss, backward. Nothing that PyTorch would compute is
 * left out: a convolution whose result reaches nothing, or whose input is a node of zeros, still updates its running
 * statistics (study: section 10).
 */
import type { Backend, Shape4, Tensor } from '../../backend/contract/backend.ts';
import { type Architecture, edges, operations } from '../../space/architecture.ts';
import type { CellLayout, ConvNorm, ReductionLayout } from './layout.ts';
import { type Network, normEpsilon, statisticsMomentum } from './network.ts';
import { Tape, type Variable, variable } from './tape.ts';

/** A batch on the backend: images [n, side, side, 3], targets [n, 10]. */
export interface DeviceBatch {
  readonly images: Tensor;
  readonly targets: Tensor;
}

export interface PassResult {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Images whose largest logit is their target's. */
  readonly correct: number;
  /** Gradients by parameter; several where a weight was used in several places. The caller disposes them. */
  readonly gradients: ReadonlyMap<number, Tensor>;
  /** Parameters that took part, with or without a gradient other than zero. */
  readonly used: ReadonlySet<number>;
  /** Most bytes of tensors alive in the backward pass. */
  readonly peakBytes: number;
}

/** Statistics of one normalisation in this batch; null: its input was zeros, so both are 0. */
interface SeenStatistics {
  readonly norm: number;
  readonly mean: Tensor | null;
  readonly variance: Tensor | null;
  /** Values a channel that the variance is over. */
  readonly count: number;
}

/** Runs the pass and updates the network's running statistics; `path` has one architecture a normal cell. */
export function trainingPass(
  backend: Backend,
  network: Network,
  path: readonly Architecture[],
  batch: DeviceBatch,
): PassResult {
  const pass = new Pass(backend, network);
  const result = backend.scope(() => {
    const logits = pass.forward(path, batch.images);
    const { loss, dLogits } = backend.softmaxCrossEntropy(logits.value, batch.targets);
    // Before the way back, which frees what it has used.
    const numbers = backend.pack([
      loss,
      ...pass.seen.flatMap(({ mean, variance }) => (mean && variance ? [mean, variance] : [])),
    ]);
    const guessed = backend.argMax(logits.value);
    const wanted = backend.argMax(batch.targets);
    logits.contributions.push({ gradient: dLogits, owned: true });
    pass.tape.backward();
    const parameters = [...pass.gradients.keys()];
    const tensors = [numbers, ...pass.gradients.values()];
    return { tensors, parameters, correct: guessed.filter((label, i) => label === wanted[i]).length };
  });
  const [numbers, ...gradients] = result.tensors;
  const values = backend.read(numbers!);
  backend.dispose([numbers!]);
  updateStatistics(network, pass.seen, values.subarray(1));
  return {
    loss: values[0]!,
    correct: result.correct,
    gradients: new Map(result.parameters.map((parameter, i) => [parameter, gradients[i]!])),
    used: pass.used,
    peakBytes: pass.tape.peakBytes,
  };
}

function updateStatistics(network: Network, seen: readonly SeenStatistics[], values: Float32Array): void {
  let at = 0;
  for (const { norm, mean, count } of seen) {
    const { channels } = network.layout.norms[norm]!;
    const statistics = network.statistics[norm]!;
    const unbiased = count / (count - 1);
    for (let c = 0; c < channels; c++) {
      const batchMean = mean ? values[at + c]! : 0;
      const batchVariance = mean ? values[at + channels + c]! * unbiased : 0;
      statistics.mean[c] = flush(mixed(statistics.mean[c]!, batchMean));
      statistics.variance[c] = flush(mixed(statistics.variance[c]!, batchVariance));
    }
    if (mean) at += 2 * channels;
  }
}

function mixed(running: number, fresh: number): number {
  return (1 - statisticsMomentum) * running + statisticsMomentum * fresh;
}

/** Statistics that decay to nothing end at 0 instead of in denormals, which are slow everywhere. */
function flush(value: number): number {
  return Math.abs(value) < 1.1754943508222875e-38 ? 0 : value;
}

class Pass {
  readonly tape: Tape;
  readonly gradients = new Map<number, Tensor>();
  readonly used = new Set<number>();
  readonly seen: SeenStatistics[] = [];
  readonly #backend: Backend;
  readonly #network: Network;

  constructor(backend: Backend, network: Network) {
    this.tape = new Tape(backend);
    this.#backend = backend;
    this.#network = network;
  }

  forward(path: readonly Architecture[], images: Tensor): Variable {
    const { layout } = this.#network;
    let x = this.#convNorm(variable(images, false), layout.stem, 1);
    let cell = 0;
    layout.stages.forEach((cells, stage) => {
      if (stage > 0) x = this.#reduction(x, layout.reductions[stage - 1]!);
      for (const one of cells) x = this.#cell(x, one, path[cell++]!);
    });
    return this.#head(x);
  }

  #cell(input: Variable, cell: CellLayout, architecture: Architecture): Variable {
    // null: a node of zeros. It is not computed with, but its convolutions' statistics decay.
    const nodes: (Variable | null)[] = [input];
    const rectified: (Variable | null)[] = [];
    const rectifiedNode = (node: number): Variable | null => {
      const source = nodes[node] ?? null;
      const known = rectified[node];
      if (known || !source) return known ?? null;
      const result = this.#relu(source);
      rectified[node] = result;
      return result;
    };
    const { nodeReduce } = this.#network.layout;
    for (let node = 1; node < 4; node++) {
      const inputs: Variable[] = [];
      edges.forEach(([from, to], edge) => {
        if (to !== node) return;
        const source = nodes[from] ?? null;
        const own = cell.edges[edge]!;
        const operation = operations[architecture[edge]!];
        const result =
          operation === 'skip'
            ? this.#transformed(source, own.skip)
            : operation === 'pool'
              ? this.#transformed(source && this.#pool(source), own.pool)
              : operation === 'zero'
                ? null
                : this.#edgeConvNorm(rectifiedNode(from), own[operation]!, input);
        if (result) inputs.push(result);
      });
      const sum = this.#sum(inputs);
      nodes.push(sum && nodeReduce === 'mean' && node > 1 ? this.#scaled(sum, 1 / node) : sum);
    }
    return nodes[3] ?? variable(this.#backend.zeros(input.value.shape), false);
  }

  #reduction(input: Variable, { first, second, shortcut }: ReductionLayout): Variable {
    const inner = this.#convNorm(this.#relu(input), first, 2);
    const main = this.#convNorm(this.#relu(inner), second, 1);
    const half = this.#backend.avgPool2(input.value);
    const pooled = this.tape.record(half, (gradient) => {
      this.#contribute(input, () => this.#backend.avgPool2Grad(shape4(input.value), gradient));
    });
    return this.#sum([main, this.#conv(pooled, shortcut, 1)])!;
  }

  #head(input: Variable): Variable {
    const { layout, weights } = this.#network;
    const rectified = this.#relu(this.#norm(input, layout.headNorm));
    const pooled = this.tape.record(this.#backend.globalAvgPool(rectified.value), (gradient) => {
      this.#contribute(rectified, () => this.#backend.globalAvgPoolGrad(shape4(rectified.value), gradient));
    });
    const weight = weights[layout.linearWeight]!;
    this.used.add(layout.linearWeight).add(layout.linearBias);
    const logits = this.#backend.linear(pooled.value, weight, weights[layout.linearBias]!);
    return this.tape.record(logits, (gradient) => {
      const { dx, dw, db } = this.#backend.linearGrad(pooled.value, weight, gradient);
      this.gradients.set(layout.linearWeight, dw).set(layout.linearBias, db);
      pooled.contributions.push({ gradient: dx, owned: true });
    });
  }

  #edgeConvNorm(rectified: Variable | null, own: ConvNorm, cellInput: Variable): Variable | null {
    if (rectified) return this.#convNorm(rectified, own, 1);
    // An affine normalisation makes something of zeros: its offset.
    if (this.#network.layout.norms[own.norm]!.offset !== null)
      return this.#convNorm(variable(this.#backend.zeros(cellInput.value.shape), false), own, 1);
    this.used.add(own.conv);
    this.seen.push({ norm: own.norm, mean: null, variance: null, count: 2 });
    return null;
  }

  #convNorm(input: Variable, { conv, norm }: ConvNorm, stride: 1 | 2): Variable {
    return this.#norm(this.#conv(input, conv, stride), norm);
  }

  #conv(input: Variable, parameter: number, stride: 1 | 2): Variable {
    const weight = this.#network.weights[parameter]!;
    this.used.add(parameter);
    return this.tape.record(this.#backend.conv2d(input.value, weight, stride), (gradient) => {
      this.gradients.set(
        parameter,
        this.#backend.conv2dFilterGrad(input.value, shape4(weight), gradient, stride),
      );
      this.#contribute(input, () =>
        this.#backend.conv2dInputGrad(shape4(input.value), weight, gradient, stride),
      );
    });
  }

  #norm(input: Variable, index: number): Variable {
    const { layout, weights } = this.#network;
    const { scale, offset } = layout.norms[index]!;
    const factor = scale === null ? null : weights[scale]!;
    const shift = offset === null ? null : weights[offset]!;
    if (scale !== null) this.used.add(scale);
    if (offset !== null) this.used.add(offset);
    const { y, mean, variance, state } = this.#backend.batchNorm(input.value, factor, shift, normEpsilon);
    const [n, height, width] = shape4(input.value);
    this.seen.push({ norm: index, mean, variance, count: n * height * width });
    return this.tape.record(y, (gradient) => {
      const { dx, dScale, dOffset } = this.#backend.batchNormGrad(gradient, factor, state, normEpsilon);
      if (scale !== null && dScale) this.gradients.set(scale, dScale);
      if (offset !== null && dOffset) this.gradients.set(offset, dOffset);
      this.#contribute(input, () => dx);
      this.#backend.dispose(state.saved);
    });
  }

  #relu(input: Variable): Variable {
    const y = this.#backend.relu(input.value);
    return this.tape.record(y, (gradient) => {
      this.#contribute(input, () => this.#backend.reluGrad(gradient, y));
    });
  }

  #pool(input: Variable): Variable {
    const { countPadding } = this.#network.layout;
    return this.tape.record(this.#backend.avgPool3(input.value, countPadding), (gradient) => {
      this.#contribute(input, () => this.#backend.avgPool3Grad(shape4(input.value), gradient, countPadding));
    });
  }

  #transformed(input: Variable | null, transformer: number | null): Variable | null {
    if (transformer === null) return input;
    this.used.add(transformer);
    return input && this.#conv(input, transformer, 1);
  }

  #sum(inputs: readonly Variable[]): Variable | null {
    const [first, ...others] = inputs;
    if (!first || others.length === 0) return first ?? null;
    const total = this.#backend.addN(inputs.map(({ value }) => value));
    const passOn = (gradient: Tensor) => {
      for (const { differentiable, contributions } of inputs)
        if (differentiable) contributions.push({ gradient, owned: false });
    };
    return this.tape.record(total, passOn, true);
  }

  #scaled(input: Variable, factor: number): Variable {
    return this.tape.record(this.#backend.scale(input.value, factor), (gradient) => {
      this.#contribute(input, () => this.#backend.scale(gradient, factor));
    });
  }

  #contribute(input: Variable, gradient: () => Tensor): void {
    if (input.differentiable) input.contributions.push({ gradient: gradient(), owned: true });
  }
}

function shape4({ shape }: Tensor): Shape4 {
  const [a, b, c, d] = shape;
  if (a === undefined || b === undefined || c === undefined || d === undefined)
    throw new Error(`a tensor of shape [${shape.join(', ')}] where four dimensions were expected`);
  return [a, b, c, d];
}
