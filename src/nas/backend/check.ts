// The proof that a machine can train on TensorFlow: a few steps of a small network, whose loss must fall.

import type { Backend, Shape4, Tensor } from './backend.ts';
import { openBackend } from './open.ts';

const steps = 20;
const images: Shape4 = [8, 8, 8, 3];
const filter: Shape4 = [3, 3, 3, 8];

const backend = await openBackend('tensorflow', { threads: 1 });
const x = backend.tensor(wave(8 * 8 * 8 * 3, 1), images);
const targets = backend.tensor(
  Float32Array.from({ length: 80 }, (_, i) => (i % 10 === Math.floor(i / 10) ? 1 : 0)),
  [8, 10],
);
let weights: Tensor[] = [
  backend.tensor(wave(3 * 3 * 3 * 8, 0.3), filter),
  backend.tensor(wave(80, 0.3), [8, 10]),
  backend.zeros([10]),
];
const losses: number[] = [];
for (let step = 0; step < steps; step++) {
  const next = backend.scope(() => train(backend, weights));
  backend.dispose(weights);
  weights = next;
}
const [first, last] = [losses[0]!, losses[steps - 1]!];
if (!(last < 0.9 * first))
  throw new Error(`the loss did not fall: ${first} at first, ${last} after ${steps} steps`);
const where = backend.id.gpu ?? 'CPU';
console.log(
  `${backend.id.version} trains on ${where}: loss ${first.toFixed(3)} → ${last.toFixed(3)} in ${steps} steps`,
);

function train(on: Backend, [w, v, b]: readonly Tensor[]): Tensor[] {
  const convolved = on.conv2d(x, w!, 1);
  const { y, state } = on.batchNorm(convolved, null, null, 1e-5);
  const rectified = on.relu(y);
  const pooled = on.globalAvgPool(rectified);
  const { loss, dLogits } = on.softmaxCrossEntropy(on.linear(pooled, v!, b!), targets);
  losses.push(on.read(loss)[0]!);
  const { dx, dw, db } = on.linearGrad(pooled, v!, dLogits);
  const spread = on.globalAvgPoolGrad([8, 8, 8, 8], dx);
  const normal = on.batchNormGrad(on.reluGrad(spread, rectified), null, state, 1e-5);
  const dFilter = on.conv2dFilterGrad(x, filter, normal.dx, 1);
  return [on.axpby(1, w!, -1, dFilter), on.axpby(1, v!, -1, dw), on.axpby(1, b!, -1, db)];
}

function wave(length: number, height: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => height * Math.sin(1.7 * i + 0.3));
}
