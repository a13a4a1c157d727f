/** How evaluation normalises: by the super-network's running statistics, by given ones, or by the batch's own. */
import type { Backend, Tensor } from '../../backend/contract/backend.ts';
import type { ConvNorm } from '../network/layout.ts';
import { type Network, normEpsilon, type RunningStatistics } from '../network/network.ts';

export interface Normaliser {
  /** Convolution, normalisation, and ReLU where asked. */
  convNorm(x: Tensor, own: ConvNorm, stride: 1 | 2, relu: boolean): Tensor;
  /** Normalisation alone, then ReLU (the head). */
  normRelu(x: Tensor, norm: number): Tensor;
  dispose(): void;
}

/** Folds fixed statistics into the convolutions: w·s and offset − mean·s with s = scale/√(variance + ε). */
export function fixedNormaliser(
  backend: Backend,
  network: Network,
  statistics: readonly RunningStatistics[],
): Normaliser {
  const folded = new Map<number, { weight: Tensor; bias: Tensor }>();
  const head = new Map<number, readonly Tensor[]>();
  const { layout, weights } = network;

  const affine = (norm: number) => {
    const { channels, scale, offset } = layout.norms[norm]!;
    const { mean, variance } = statistics[norm]!;
    const scales = scale === null ? null : backend.read(weights[scale]!);
    const offsets = offset === null ? null : backend.read(weights[offset]!);
    const factor = Float32Array.from(
      { length: channels },
      (_, c) => (scales?.[c] ?? 1) / Math.sqrt(variance[c]! + normEpsilon),
    );
    const shift = Float32Array.from(factor, (value, c) => (offsets?.[c] ?? 0) - mean[c]! * value);
    return { factor, shift };
  };
  const fold = ({ conv, norm }: ConvNorm) => {
    const { factor, shift } = affine(norm);
    const values = backend.read(weights[conv]!);
    const weight = backend.tensor(
      values.map((value, i) => value * factor[i % factor.length]!),
      layout.parameters[conv]!.shape,
    );
    return { weight, bias: backend.tensor(shift, [shift.length]) };
  };

  return {
    convNorm(x, own, stride, relu) {
      let ready = folded.get(own.conv);
      if (!ready) {
        ready = fold(own);
        folded.set(own.conv, ready);
      }
      return backend.conv2dBias(x, ready.weight, ready.bias, stride, relu);
    },
    normRelu(x, norm) {
      let ready = head.get(norm);
      if (!ready) {
        ready = headTensors(backend, network, norm, statistics[norm]!);
        head.set(norm, ready);
      }
      const [mean, variance, scale, offset] = ready as [Tensor, Tensor, Tensor, Tensor];
      const y = backend.batchNormFixed(x, mean, variance, scale, offset, normEpsilon);
      const rectified = backend.relu(y);
      backend.dispose([y]);
      return rectified;
    },
    dispose() {
      for (const { weight, bias } of folded.values()) backend.dispose([weight, bias]);
      for (const tensors of head.values()) backend.dispose(tensors);
    },
  };
}

/** Mean, variance, scale and offset. */
function headTensors(
  backend: Backend,
  { layout, weights }: Network,
  norm: number,
  { mean, variance }: RunningStatistics,
): readonly Tensor[] {
  const { channels, scale, offset } = layout.norms[norm]!;
  const vector = (values: Float32Array) => backend.tensor(values, [channels]);
  const read = (parameter: number | null, otherwise: number) =>
    parameter === null ? new Float32Array(channels).fill(otherwise) : backend.read(weights[parameter]!);
  return [vector(mean), vector(variance), vector(read(scale, 1)), vector(read(offset, 0))];
}

/** Normalises by each batch's own statistics; `onStatistics` gets them (biased variance) with the number of values per channel. */
export function batchNormaliser(
  backend: Backend,
  network: Network,
  onStatistics?: (norm: number, mean: Float32Array, variance: Float32Array, count: number) => void,
): Normaliser {
  const { layout, weights } = network;
  const normalise = (x: Tensor, norm: number, relu: boolean): Tensor =>
    backend.scope(() => {
      const { scale, offset } = layout.norms[norm]!;
      const { y, mean, variance } = backend.batchNorm(
        x,
        scale === null ? null : weights[scale]!,
        offset === null ? null : weights[offset]!,
        normEpsilon,
      );
      const [n, height, width] = x.shape as [number, number, number];
      onStatistics?.(norm, backend.read(mean), backend.read(variance), n * height * width);
      return relu ? backend.relu(y) : y;
    });
  return {
    convNorm(x, { conv, norm }, stride, relu) {
      const y = backend.conv2d(x, weights[conv]!, stride);
      const result = normalise(y, norm, relu);
      backend.dispose([y]);
      return result;
    },
    normRelu: (x, norm) => normalise(x, norm, true),
    dispose() {},
  };
}
