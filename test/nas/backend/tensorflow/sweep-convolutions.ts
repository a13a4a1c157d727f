// Program for the heap test: runs the convolution and its gradients over a grid of shapes, prints each shape before its
// kernels run, and what differs from plain loops. A crash leaves the shape at fault on the last line.

import { writeSync } from 'node:fs';
import { openBackend } from '../../../../src/nas/backend/open.ts';
import { type Array4, convolutionGradients, convolve, noise, relativeError } from '../reference.ts';

const sides = [
  [4, 4],
  [6, 6],
  [7, 7],
  [8, 6],
  [5, 8],
  [16, 16],
] as const;

/** What is written past an array is found when its neighbour is freed, so each kernel runs more than once. */
const repetitions = 3;

const on = await openBackend('tensorflow', { threads: 1 });
const put = ({ values, shape }: Array4) => on.tensor(Float32Array.from(values), shape);

function sweepShape(size: number, stride: 1 | 2, shape: Array4['shape'], outputs: number): void {
  const name = `${size}×${size}, stride ${stride}, ${shape.join('×')} → ${outputs}`;
  writeSync(1, `${name}\n`);
  const x = noise(shape, 1);
  const w = noise([size, size, shape[3], outputs], 2);
  const y = convolve(x, w, stride);
  const dy = noise(y.shape, 3);
  const { dx, dw } = convolutionGradients(x, w, dy, stride);
  for (let i = 0; i < repetitions; i++)
    on.scope(() => {
      const got = {
        forward: [on.conv2d(put(x), put(w), stride), y],
        input: [on.conv2dInputGrad(shape, put(w), put(dy), stride), dx],
        filter: [on.conv2dFilterGrad(put(x), w.shape, put(dy), stride), dw],
      } as const;
      for (const [kernel, [tensor, wanted]] of Object.entries(got))
        if (!(relativeError(on.read(tensor), wanted.values) < 1e-3))
          writeSync(1, `WRONG ${kernel}: ${name}\n`);
    });
}

for (const size of [1, 3, 5])
  for (const stride of [1, 2] as const)
    for (const channels of [1, 2, 3, 5, 7, 8, 9, 16])
      for (const outputs of [1, 8])
        for (const [height, width] of sides) sweepShape(size, stride, [2, height, width, channels], outputs);
writeSync(1, 'the heap is whole\n');
