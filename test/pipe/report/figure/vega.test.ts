import { afterEach, expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/lib/json.ts';
import { FigureError, markLimits, renderVegaLite } from '../../../../src/pipe/report/figure/vega.ts';

const schema = 'https://vega.github.io/schema/vega-lite/v6.json';

const points = (rows: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  $schema: schema,
  data: { values: rows },
  mark: 'point',
  encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } },
  ...more,
});
const grid = (n: number): JsonObject[] => Array.from({ length: n }, (_, i) => ({ x: i % 50, y: i / 50 }));

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test('1: a bootstrapped band is the same each time', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({ x: i % 6, y: Math.sin(i * 7) * 10 }));
  const spec = points(rows, { mark: { type: 'errorband', extent: 'ci' } });
  const first = await renderVegaLite(spec, { name: 'band' });
  await renderVegaLite(points(grid(5)), { name: 'other' });
  const second = await renderVegaLite(spec, { name: 'band' });
  expect(second.svg).toBe(first.svg);
  expect(first.svg).toMatch(/<path [^>]*d="M/);
});

test('2: two figures in one page share no id', async () => {
  const clipped = points(grid(20), { mark: { type: 'line', clip: true } });
  const [a, b] = await Promise.all([
    renderVegaLite(clipped, { name: 'figure 2' }),
    renderVegaLite(clipped, { name: 'figure/3' }),
  ]);
  const ids = (svg: string): string[] => [...svg.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]!);
  expect(ids(a.svg)).toEqual([expect.stringMatching(/^in-figure-2-[0-9a-f]{6}-clip1$/)]);
  expect(ids(b.svg)).toEqual([expect.stringMatching(/^in-figure-3-[0-9a-f]{6}-clip1$/)]);
  expect(a.svg).toContain(`url(#${ids(a.svg)[0]})`);
  expect(b.svg).toContain(`url(#${ids(b.svg)[0]})`);
});

test('3: text has its real width: a label that fits is not cut', async () => {
  // 26 narrow letters: 0.8 em a letter would be 229 px, Arial's widths make 63 px.
  const label = 'illillillillillillillillil';
  const spec = points([{ x: 1, y: label }], {
    encoding: {
      x: { field: 'x', type: 'quantitative' },
      y: { field: 'y', type: 'nominal', axis: { labelLimit: 100 } },
    },
  });
  const { svg, width } = await renderVegaLite(spec, { name: 'label' });
  expect(svg).toContain(`>${label}</text>`);
  expect(width).toBeLessThan(420);
  const wide = points([{ x: 1, y: 'WWWWWWWWWWWWWWWW' }], {
    encoding: {
      x: { field: 'x', type: 'quantitative' },
      y: { field: 'y', type: 'nominal', axis: { labelLimit: 100 } },
    },
  });
  expect((await renderVegaLite(wide, { name: 'wide' })).svg).toMatch(/>W+…<\/text>/);
});

test('4: time is UTC wherever the machine stands', async () => {
  const spec = points(
    [
      { x: '2026-03-01 00:30', y: 1 },
      { x: '2026-03-01 12:00', y: 2 },
    ],
    {
      encoding: {
        x: { field: 'x', type: 'temporal', axis: { format: '%H:%M', tickCount: 4 } },
        y: { field: 'y', type: 'quantitative' },
      },
    },
  );
  process.env.TZ = 'Pacific/Auckland';
  const there = await renderVegaLite(spec, { name: 'time' });
  expect(process.env.TZ).toBe('Pacific/Auckland');
  process.env.TZ = 'America/Anchorage';
  const here = await renderVegaLite(spec, { name: 'time' });
  expect(here.svg).toBe(there.svg);
  expect(here.svg).toContain('data-l="00:30; 1"');
});

test('5: a url is refused, never an empty plot', async () => {
  const spec = points([], { data: { url: 'data.csv' } });
  await expect(renderVegaLite(spec, { name: 'remote' })).rejects.toThrow(FigureError);
  await expect(renderVegaLite(spec, { name: 'remote' })).rejects.toThrow(/data\.url: .*inline/);
  const image = points([{ x: 1, y: 1 }], { mark: { type: 'image', url: 'http://example.org/a.png' } });
  await expect(renderVegaLite(image, { name: 'image' })).rejects.toThrow(/mark\.url/);
});

test('5: a column named url is data like any other', async () => {
  const { marks } = await renderVegaLite(points([{ x: 1, y: 1, url: 'http://example.org' }]), {
    name: 'column',
  });
  expect(marks).toBe(1);
});

test('6: rows that cannot be drawn are counted, once for all layers', async () => {
  const rows = [
    { x: 1, y: 1 },
    { x: 2, y: null },
    { x: 3, y: null },
    { x: 4, y: 2 },
    { x: null, y: 3 },
  ];
  expect((await renderVegaLite(points(rows), { name: 'points' })).notDrawn).toBe(3);
  const { mark: _, ...rest } = points(rows);
  const layered = { ...rest, layer: [{ mark: 'line' }, { mark: 'point' }] };
  expect((await renderVegaLite(layered, { name: 'layered' })).notDrawn).toBe(3);
  expect((await renderVegaLite(points(grid(10)), { name: 'whole' })).notDrawn).toBe(0);
});

test('what Vega-Lite warns of is handed on', async () => {
  const spec = points(grid(3), {
    encoding: {
      x: { field: 'x', type: 'quantitative' },
      y: { field: 'y', type: 'quantitative', scale: { padding: 2, bandPosition: 1, paddingInner: 1 } },
    },
  });
  expect((await renderVegaLite(spec, { name: 'warned' })).warnings.join()).toMatch(/paddingInner/);
});

test('many marks are warned of, too many are refused with advice', async () => {
  const many = await renderVegaLite(points(grid(markLimits.many + 1)), { name: 'many' });
  expect(many.marks).toBe(markLimits.many + 1);
  expect(many.warnings.join()).toMatch(/binned or aggregated/);
  await expect(renderVegaLite(points(grid(markLimits.most + 1)), { name: 'most' })).rejects.toThrow(
    /bin or aggregate/,
  );
});

test('a specification that does not compile is an error with its reason', async () => {
  await expect(renderVegaLite({ $schema: schema, layer: 1 }, { name: 'x' })).rejects.toThrow(FigureError);
});

test('an SVG holds nothing a strict style policy would block', async () => {
  const { svg } = await renderVegaLite(points(grid(4), { mark: { type: 'point', blend: 'multiply' } }), {
    name: 'strict',
  });
  expect(svg).not.toContain(' style=');
  expect(svg).not.toMatch(/\d\.\d{3}/);
});
