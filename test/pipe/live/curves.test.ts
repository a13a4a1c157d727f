/** Curves stay small however long a run is, and say what was reported. */
import { expect, test } from 'vitest';
import { curveGroup } from '../../../src/pipe/live/curve-groups.ts';
import { curvePicture, lineClass, sparkline } from '../../../src/pipe/live/curve-picture.ts';
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
  const picture = curvePicture('loss', [curve], () => 0).text;
  expect(picture).toContain('from 1 to 3');
  expect(picture).not.toContain('NaN');
});

test('seeds of a variant look alike and are one line of the legend; variants look different', () => {
  const curves = new Curves();
  const axes = new Map<string, Readonly<Record<string, string>>>();
  for (const [size, values] of [
    ['small', [4, 2]],
    ['large', [9, 7]],
  ] as const)
    for (const [seed, last] of values.entries()) {
      axes.set(`train[${size},${seed}]`, { size, seed: String(seed) });
      report(curves, `train[${size},${seed}]`, [10, last]);
    }
  const group = curves.groups()[0]!;
  const { text } = curveGroup(group, (cell) => axes.get(cell) ?? {});
  const [picture = '', legend = ''] = text.split('<ul class="legend">');
  const drawn = [...picture.matchAll(/<path class="([^"]+)"[^>]*><title>([^:]+)/g)];
  expect(drawn.map(([, look, cell]) => `${cell} ${look}`)).toEqual([
    'train[small,0] s0',
    'train[small,1] s0',
    'train[large,0] s1',
    'train[large,1] s1',
  ]);
  expect(legend.match(/<li>/g)).toHaveLength(2);
  expect(legend).toMatch(
    /class="s0".*small <b>3<\/b> <span class="quiet">2 to 4, 2 cells<.*class="s1".*large <b>8<\/b>/,
  );
});

test('24 variants drawn are 24 looks', () => {
  const looks = Array.from({ length: 24 }, (_, place) => lineClass(place));
  expect(new Set(looks).size).toBe(24);
});
