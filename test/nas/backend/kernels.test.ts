/** Long because it has a test per kernel. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Backend, Shape4, Tensor } from '../../../src/nas/backend/contract/backend.ts';
import { backends, open } from './opened.ts';
import {
  type Array4,
  batchNorm,
  convolutionGradients,
  convolve,
  noise,
  numericalGradient,
  pool3,
  relativeError,
} from './reference.ts';

const epsilon = 1e-5;
const shapes: readonly Shape4[] = [
  [2, 6, 6, 1],
  [3, 5, 7, 3],
  [2, 8, 4, 8],
];

for (const { name, here, label } of backends) {
  describe.skipIf(!here)(`gradients and values of ${label} agree with float64 loops to 1e-3`, () => {
    let on: Backend;
    beforeAll(async () => {
      on = await open(name);
    });
    const put = ({ values, shape }: Array4): Tensor => on.tensor(Float32Array.from(values), shape);
    const check = (got: Tensor, wanted: Array4 | Float64Array) => {
      const values = 'values' in wanted && !(wanted instanceof Float64Array) ? wanted.values : wanted;
      if (!(values instanceof Float64Array)) throw new TypeError('no values');
      if (!(wanted instanceof Float64Array)) expect(got.shape).toEqual([...wanted.shape]);
      const read = on.read(got);
      expect(read.length).toBe(values.length);
      expect(relativeError(read, values)).toBeLessThan(1e-3);
    };

    for (const size of [1, 3, 5])
      for (const stride of [1, 2] as const)
        for (const shape of shapes)
          for (const outputs of [1, 3, 8])
            test(`convolution ${size}×${size}, stride ${stride}, ${shape.join('×')} → ${outputs}`, () => {
              const x = noise(shape, 1);
              const w = noise([size, size, shape[3], outputs], 2);
              const y = convolve(x, w, stride);
              const dy = noise(y.shape, 3);
              const { dx, dw } = convolutionGradients(x, w, dy, stride);
              on.scope(() => {
                check(on.conv2d(put(x), put(w), stride), y);
                check(on.conv2dInputGrad(shape, put(w), put(dy), stride), dx);
                check(on.conv2dFilterGrad(put(x), w.shape, put(dy), stride), dw);
                const bias = Float32Array.from({ length: outputs }, (_, i) => i / 3 - 0.4);
                const biased = y.values.map((value, i) => value + bias[i % outputs]!);
                const b = on.tensor(bias, [outputs]);
                check(on.conv2dBias(put(x), put(w), b, stride, false), { shape: y.shape, values: biased });
                const clipped = { shape: y.shape, values: biased.map((value) => Math.max(0, value)) };
                check(on.conv2dBias(put(x), put(w), b, stride, true), clipped);
              });
            });

    // More rows than a kernel takes at once, and channels that fill no vector.
    for (const [shape, outputs] of [
      [[16, 32, 32, 8], 8],
      [[16, 32, 32, 16], 16],
      [[16, 32, 32, 32], 32],
      [[2, 33, 31, 5], 9],
    ] as const)
      for (const stride of [1, 2] as const)
        test(`gradients of a convolution of many pixels, stride ${stride}, ${shape.join('×')} → ${outputs}`, () => {
          const x = noise(shape, 4);
          const w = noise([3, 3, shape[3], outputs], 6);
          const dy = noise(convolve(x, w, stride).shape, 5);
          const { dx, dw } = convolutionGradients(x, w, dy, stride);
          on.scope(() => {
            check(on.conv2dFilterGrad(put(x), w.shape, put(dy), stride), dw);
            check(on.conv2dInputGrad(shape, put(w), put(dy), stride), dx);
          });
        });

    test('batch normalisation of many pixels with a mean far from zero', () => {
      const shape: Shape4 = [4, 9, 15, 4];
      // Rounded to float32 first, whose digits are coarse here.
      const values = Float64Array.from(Float32Array.from(noise(shape, 18).values, (value) => 200 + value));
      const x = { shape, values };
      const wanted = batchNorm(x, [1, 1, 1, 1], [0, 0, 0, 0], epsilon);
      on.scope(() => {
        const got = on.batchNorm(put(x), null, null, epsilon);
        check(got.y, wanted.y);
        check(got.mean, wanted.mean);
        check(got.variance, wanted.variance);
      });
    });

    for (const shape of shapes)
      for (const affine of [false, true])
        test(`batch normalisation, ${affine ? 'affine' : 'not affine'}, ${shape.join('×')}`, () => {
          const x = noise(shape, 7);
          const channels = shape[3];
          const scale = Array.from({ length: channels }, (_, i) => (affine ? 0.5 + i / 4 : 1));
          const offset = Array.from({ length: channels }, (_, i) => (affine ? i / 5 - 0.3 : 0));
          const wanted = batchNorm(x, scale, offset, epsilon);
          const dy = noise(shape, 8);
          const f = (values: Float64Array, s: readonly number[], o: readonly number[]) =>
            batchNorm({ shape, values }, s, o, epsilon).y.values;
          const dx = numericalGradient(x.values, dy.values, (values) => f(values, scale, offset));
          const byScale = numericalGradient(Float64Array.from(scale), dy.values, (s) =>
            f(x.values, [...s], offset),
          );
          const byOffset = numericalGradient(Float64Array.from(offset), dy.values, (o) =>
            f(x.values, scale, [...o]),
          );
          on.scope(() => {
            const s = affine ? on.tensor(Float32Array.from(scale), [channels]) : null;
            const o = affine ? on.tensor(Float32Array.from(offset), [channels]) : null;
            const got = on.batchNorm(put(x), s, o, epsilon);
            check(got.y, wanted.y);
            check(got.mean, wanted.mean);
            check(got.variance, wanted.variance);
            const gradients = on.batchNormGrad(put(dy), s, got.state, epsilon);
            check(gradients.dx, { shape, values: dx });
            if (affine) {
              check(gradients.dScale!, byScale);
              check(gradients.dOffset!, byOffset);
            } else {
              expect([gradients.dScale, gradients.dOffset]).toEqual([null, null]);
            }
            const fixed = on.batchNormFixed(put(x), got.mean, got.variance, s, o, epsilon);
            check(fixed, wanted.y);
          });
        });

    for (const shape of shapes)
      for (const countPadding of [false, true])
        test(`3×3 average, padding ${countPadding ? 'counted' : 'not counted'}, ${shape.join('×')}`, () => {
          const x = noise(shape, 9);
          const dy = noise(shape, 10);
          const dx = numericalGradient(
            x.values,
            dy.values,
            (values) => pool3({ shape, values }, countPadding).values,
          );
          on.scope(() => {
            check(on.avgPool3(put(x), countPadding), pool3(x, countPadding));
            check(on.avgPool3Grad(shape, put(dy), countPadding), { shape, values: dx });
          });
        });

    test('2×2 average and average over the image', () => {
      const shape: Shape4 = [2, 4, 6, 3];
      const x = noise(shape, 11);
      const half: Shape4 = [2, 2, 3, 3];
      const place = (i: number) => {
        const [c, column, row, image] = [
          i % 3,
          Math.floor(i / 3) % 6,
          Math.floor(i / 18) % 4,
          Math.floor(i / 72),
        ];
        return { quarter: ((image * 2 + (row >> 1)) * 3 + (column >> 1)) * 3 + c, whole: image * 3 + c };
      };
      const [quarters, wholes] = [new Float64Array(36), new Float64Array(6)];
      x.values.forEach((value, i) => {
        quarters[place(i).quarter]! += value / 4;
        wholes[place(i).whole]! += value / 24;
      });
      const dy = noise(half, 12);
      const dWhole = noise([2, 1, 1, 3], 13);
      on.scope(() => {
        check(on.avgPool2(put(x)), { shape: half, values: quarters });
        const spread = x.values.map((_, i) => dy.values[place(i).quarter]! / 4);
        check(on.avgPool2Grad(shape, put(dy)), { shape, values: spread });
        const mean = on.globalAvgPool(put(x));
        expect(mean.shape).toEqual([2, 3]);
        check(mean, wholes);
        const share = x.values.map((_, i) => dWhole.values[place(i).whole]! / 24);
        const gradient = on.globalAvgPoolGrad(shape, on.tensor(Float32Array.from(dWhole.values), [2, 3]));
        check(gradient, { shape, values: share });
      });
    });

    test('rectifier: the gradient passes where the result is above zero', () => {
      on.scope(() => {
        const y = on.relu(on.tensor(Float32Array.of(-1, 0, 2, -0.5, 3), [5]));
        expect([...on.read(y)]).toEqual([0, 0, 2, 0, 3]);
        const dy = on.tensor(Float32Array.of(1, 2, 3, 4, 5), [5]);
        expect([...on.read(on.reluGrad(dy, y))]).toEqual([0, 0, 3, 0, 5]);
      });
    });

    test('linear layer', () => {
      const [x, w, b] = [noise([1, 1, 4, 3], 14), noise([1, 1, 3, 5], 15), noise([1, 1, 1, 5], 16)];
      const dy = noise([1, 1, 4, 5], 17);
      const f = (xs: Float64Array, ws: Float64Array, bs: Float64Array) =>
        Float64Array.from({ length: 20 }, (_, i) => {
          const [row, column] = [Math.floor(i / 5), i % 5];
          return [0, 1, 2].reduce((sum, k) => sum + xs[row * 3 + k]! * ws[k * 5 + column]!, bs[column]!);
        });
      on.scope(() => {
        const [tx, tw, tb, tdy] = [
          on.tensor(Float32Array.from(x.values), [4, 3]),
          on.tensor(Float32Array.from(w.values), [3, 5]),
          on.tensor(Float32Array.from(b.values), [5]),
          on.tensor(Float32Array.from(dy.values), [4, 5]),
        ];
        check(on.linear(tx, tw, tb), f(x.values, w.values, b.values));
        const { dx, dw, db } = on.linearGrad(tx, tw, tdy);
        check(
          dx,
          numericalGradient(x.values, dy.values, (v) => f(v, w.values, b.values)),
        );
        check(
          dw,
          numericalGradient(w.values, dy.values, (v) => f(x.values, v, b.values)),
        );
        check(
          db,
          numericalGradient(b.values, dy.values, (v) => f(x.values, w.values, v)),
        );
      });
    });

    test('cross-entropy with smoothed targets', () => {
      const logits = noise([1, 1, 3, 4], 18);
      const targets = Float64Array.of(0.7, 0.1, 0.1, 0.1, 0, 0, 1, 0, 0.25, 0.25, 0.25, 0.25);
      const f = (values: Float64Array) => {
        let loss = 0;
        for (let row = 0; row < 3; row++) {
          const own = values.subarray(row * 4, row * 4 + 4);
          const total = Math.log(own.reduce((sum, value) => sum + Math.exp(value), 0));
          own.forEach((value, i) => {
            loss -= (targets[row * 4 + i]! * (value - total)) / 3;
          });
        }
        return Float64Array.of(loss);
      };
      on.scope(() => {
        const got = on.softmaxCrossEntropy(
          on.tensor(Float32Array.from(logits.values), [3, 4]),
          on.tensor(Float32Array.from(targets), [3, 4]),
        );
        check(got.loss, f(logits.values));
        check(got.dLogits, numericalGradient(logits.values, Float64Array.of(1), f));
      });
    });

    test('sums, products, packing and unpacking', () => {
      on.scope(() => {
        const a = on.tensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
        const b = on.tensor(Float32Array.of(5, 6, 7, 8), [2, 2]);
        expect([...on.read(on.addN([a, b, b]))]).toEqual([11, 14, 17, 20]);
        expect([...on.read(on.addN([a]))]).toEqual([1, 2, 3, 4]);
        expect([...on.read(on.scale(a, 0.5))]).toEqual([0.5, 1, 1.5, 2]);
        expect([...on.read(on.axpby(2, a, -1, b))]).toEqual([-3, -2, -1, 0]);
        expect([...on.read(on.axpby(1, a, 1, b))]).toEqual([6, 8, 10, 12]);
        const zeros = on.zeros([2, 3]);
        expect([zeros.shape, [...on.read(zeros)]]).toEqual([
          [2, 3],
          [0, 0, 0, 0, 0, 0],
        ]);
        const vector = on.pack([a, on.tensor(Float32Array.of(9), [1]), b]);
        expect([...on.read(vector)]).toEqual([1, 2, 3, 4, 9, 5, 6, 7, 8]);
        const unpacked = on.unpack(vector, [[2, 2], [1], [4]]);
        expect(unpacked.map((part) => [part.shape, [...on.read(part)]])).toEqual([
          [
            [2, 2],
            [1, 2, 3, 4],
          ],
          [[1], [9]],
          [[4], [5, 6, 7, 8]],
        ]);
        expect(on.norm(on.tensor(Float32Array.of(3, 4, 12), [3]))).toBeCloseTo(13, 5);
        expect([...on.argMax(on.tensor(Float32Array.of(1, 5, 2, 9, 0, 3), [2, 3]))]).toEqual([1, 0]);
      });
    });

    test('a tensor keeps the values it was made of when the array changes', () => {
      on.scope(() => {
        const values = Float32Array.of(1, 2);
        const tensor = on.tensor(values, [2]);
        values[0] = 7;
        const copy = on.read(tensor);
        copy[1] = 9;
        expect([...on.read(tensor)]).toEqual([1, 2]);
      });
    });

    test('a scope disposes what it does not return, in whatever it returns it', () => {
      const before = on.memory().tensors;
      const kept = on.scope(() => {
        const a = on.zeros([2]);
        const inner = on.scope(() => [on.scale(a, 2), on.scale(a, 3)].slice(1));
        on.scale(a, 4);
        return { alone: a, list: inner, map: new Map([[0, on.zeros([1])]]), number: 3 };
      });
      expect(on.memory().tensors - before).toBe(3);
      expect(() =>
        on.scope(() => {
          on.zeros([5]);
          throw new Error('stop');
        }),
      ).toThrow('stop');
      on.dispose([kept.alone, ...kept.list, ...kept.map.values()]);
      expect(on.memory().tensors).toBe(before);
    });
  });
}
