import { expect, test } from 'vitest';
import type { JsonObject } from '../../../../src/lib/json.ts';
import { interactiveSpec } from '../../../../src/pipe/report/figure/interactive.ts';

const rows = [
  { x: 1, y: 2, kind: 'a', name: 'one' },
  { x: 2, y: 3, kind: 'b', name: 'two' },
];
const q = (field: string): JsonObject => ({ field, type: 'quantitative' });
const n = (field: string): JsonObject => ({ field, type: 'nominal' });
const spec = (more: JsonObject): JsonObject => ({
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  data: { values: rows },
  ...more,
});

/** What the compiled figure can do: names of its selections. */
async function abilities(figure: JsonObject): Promise<readonly string[] | null> {
  const compiled = await interactiveSpec(figure);
  if (compiled === null) return null;
  const names = JSON.stringify(compiled).match(/pipe_(?:zoom|pick)(?:_\d+)*(?=_store")/g) ?? [];
  return [...new Set(names)].sort();
}

test('continuous axes zoom, a legend picks', async () => {
  const figure = spec({ mark: 'point', encoding: { x: q('x'), y: q('y'), color: n('kind') } });
  expect(await abilities(figure)).toEqual(['pipe_pick', 'pipe_zoom']);
  expect(await abilities(spec({ mark: 'point', encoding: { x: q('x'), y: q('y') } }))).toEqual(['pipe_zoom']);
});

test('bars by name do not zoom sideways; without a legend there is nothing to do', async () => {
  const bars = { mark: 'bar', encoding: { x: n('name'), y: n('kind') } };
  expect(await abilities(spec(bars))).toBeNull();
  const coloured = { mark: 'bar', encoding: { x: n('name'), color: n('kind') } };
  expect(await abilities(spec(coloured))).toEqual(['pipe_pick']);
  const plain = { mark: 'bar', encoding: { x: n('name'), color: { ...n('kind'), legend: null } } };
  expect(await abilities(spec(plain))).toBeNull();
});

test('layers share one selection, views side by side have their own', async () => {
  const encoding = { x: q('x'), y: q('y'), color: n('kind') };
  const layered = { layer: [{ mark: 'line' }, { mark: 'point' }].map((view) => ({ ...view, encoding })) };
  expect(await abilities(spec(layered))).toEqual(['pipe_pick', 'pipe_zoom']);
  const beside = await abilities(spec({ hconcat: [layered, layered] }));
  expect(beside).toEqual(expect.arrayContaining(['pipe_zoom_0', 'pipe_zoom_1']));
});

test('the specification itself is left as it was', async () => {
  const figure = spec({
    mark: { type: 'point', opacity: 0.4 },
    encoding: { x: q('x'), y: q('y'), color: n('kind') },
  });
  const before = JSON.stringify(figure);
  await interactiveSpec(figure);
  expect(JSON.stringify(figure)).toBe(before);
});
