/** Curves stay small however long a run is, and say what was reported. */
import { expect, test } from 'vitest';
import { curvePicture, sparkline } from '../../../src/pipe/live/curve-picture.ts';
import { Curves } from '../../../src/pipe/live/curves.ts';
import type { CellId } from '../../../src/pipe/plan/graph.ts';

function report(curves: Curves, cell: string, values: readonly number[], attempt = 1): void {
  for (const [step, value] of values.entries())
    curves.take(
      { type: 'cell-metric', time: '', cell: cell as CellId, name: 'loss', value, step, attempt },
      'train',
    );
}

test('a curve of a million values keeps fewer than 256 points, first and order kept', () => {
  const curves = new Curves();
  report(
    curves,
    'a',
    Array.from({ length: 1_000_000 }, (_, i) => i),
  );
  const { steps, values } = curves.of('a', 'loss')!;
  expect(values.length).toBeLessThan(256);
  expect(values.length).toBeGreaterThan(100);
  expect(values[0]).toBe(0);
  expect(values).toEqual([...values].sort((x, y) => x - y));
  expect(steps).toEqual(values);
  // Evenly, so that a line is not denser where it was thinned less.
  expect(new Set(values.slice(1).map((value, i) => value - (values[i] ?? 0))).size).toBe(1);
  expect(values.at(-1)).toBeGreaterThan(980_000);
});

test('another attempt of a cell begins anew', () => {
  const curves = new Curves();
  report(curves, 'a', [5, 4, 3]);
  report(curves, 'a', [9, 8], 2);
  expect(curves.of('a', 'loss')?.values).toEqual([9, 8]);
});

test('at most 2,000 curves are kept, the newest', () => {
  const curves = new Curves();
  for (let i = 0; i < 2_100; i++) report(curves, `c${i}`, [1, 2]);
  expect(curves.groups()[0]?.curves).toHaveLength(2_000);
  expect(curves.of('c0', 'loss')).toBeNull();
  expect(curves.of('c2099', 'loss')).not.toBeNull();
});

test('a value that is no number breaks the line and does not stretch the axis', () => {
  const curves = new Curves();
  report(curves, 'a', [1, Number.NaN, 3, Number.POSITIVE_INFINITY, 2, 1]);
  const curve = curves.of('a', 'loss')!;
  expect(sparkline(curve)?.text.match(/M/g)).toHaveLength(3);
  const picture = curvePicture('loss', [curve]).text;
  expect(picture).toContain('from 1 to 3');
  expect(picture).not.toContain('NaN');
});
