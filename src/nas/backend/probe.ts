// A small network with every kind of layer of the study's networks, trained for a few steps: the proof that a backend
// works on a machine, that it leaks nothing and that it computes the same twice.

import type { Backend, Shape4, Tensor } from './contract/backend.ts';

const images = 8;
const side = 8;
const channels = 8;
const epsilon = 1e-5;
const lr = 0.1;
const input: Shape4 = [images, side, side, 3];
const inner: Shape4 = [images, side, side, channels];
const half: Shape4 = [images, side / 2, side / 2, channels];
const filters: readonly Shape4[] = [
  [3, 3, 3, channels],
  [3, 3, channels, channels],
  [1, 1, channels, channels],
  [3, 3, channels, channels],
];

export interface Probed {
  /** Cross-entropy before each step. */
  readonly losses: readonly number[];
  /** The weights at the end, joined. */
  readonly weights: Float32Array;
}

/** Trains on fixed images from fixed weights; `onStep` is called after each step. */
export function probe(on: Backend, steps: number, onStep?: (step: number) => void): Probed {
  const x = on.tensor(wave(images * side * side * 3, 1), input);
  const labels = Float32Array.from({ length: images * 10 }, (_, i) =>
    i % 10 === Math.floor(i / 10) ? 1 : 0,
  );
  const targets = on.tensor(labels, [images, 10]);
  const shapes = [...filters, [channels, 10], [10]];
  let weights = shapes.map((shape) =>
    on.tensor(
      wave(
        shape.reduce((size, length) => size * length, 1),
        0.3,
      ),
      shape,
    ),
  );
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const next = on.scope(() => {
      const { loss, gradients } = pass(on, weights, x, targets);
      losses.push(on.read(loss)[0]!);
      const moved = on.axpby(1, on.pack(weights), -lr, on.pack(gradients));
      return on.unpack(moved, shapes);
    });
    on.dispose(weights);
    weights = next;
    onStep?.(step);
  }
  const joined = on.pack(weights);
  const result = { losses, weights: on.read(joined) };
  on.dispose([joined, x, targets, ...weights]);
  return result;
}

function pass(on: Backend, weights: readonly Tensor[], x: Tensor, targets: Tensor) {
  const [stem, square, point, down, linear, bias] = weights;
  const first = on.batchNorm(on.conv2d(x, stem!, 1), null, null, epsilon);
  const rectified = on.relu(first.y);
  const second = on.batchNorm(on.conv2d(rectified, square!, 1), null, null, epsilon);
  const third = on.conv2d(rectified, point!, 1);
  const sum = on.addN([second.y, third, on.avgPool3(rectified, false)]);
  const smaller = on.addN([on.conv2d(sum, down!, 2), on.avgPool2(sum)]);
  const features = on.globalAvgPool(smaller);
  const { loss, dLogits } = on.softmaxCrossEntropy(on.linear(features, linear!, bias!), targets);

  const { dx: dFeatures, dw: dLinear, db: dBias } = on.linearGrad(features, linear!, dLogits);
  const dSmaller = on.globalAvgPoolGrad(half, dFeatures);
  const dSum = on.addN([on.conv2dInputGrad(inner, down!, dSmaller, 2), on.avgPool2Grad(inner, dSmaller)]);
  const dSecond = on.batchNormGrad(dSum, null, second.state, epsilon).dx;
  const dRectified = on.addN([
    on.conv2dInputGrad(inner, square!, dSecond, 1),
    on.conv2dInputGrad(inner, point!, dSum, 1),
    on.avgPool3Grad(inner, dSum, false),
  ]);
  const dFirst = on.batchNormGrad(on.reluGrad(dRectified, rectified), null, first.state, epsilon).dx;
  const gradients = [
    on.conv2dFilterGrad(x, filters[0]!, dFirst, 1),
    on.conv2dFilterGrad(rectified, filters[1]!, dSecond, 1),
    on.conv2dFilterGrad(rectified, filters[2]!, dSum, 1),
    on.conv2dFilterGrad(sum, filters[3]!, dSmaller, 2),
    dLinear,
    dBias,
  ];
  return { loss, gradients };
}

function wave(length: number, height: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => height * Math.sin(1.7 * i + 0.3));
}
