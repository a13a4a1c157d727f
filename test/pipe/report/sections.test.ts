import { expect, test } from 'vitest';
import { anchor, html, raw } from '../../../src/lib/html.ts';
import type { ReportInput } from '../../../src/pipe/report/model/input.ts';
import { countStates, stateLooks, verdictLooks } from '../../../src/pipe/report/model/state.ts';
import { badge } from '../../../src/pipe/report/page/badge.ts';
import { dagSection } from '../../../src/pipe/report/page/section/dag.ts';
import { timelineSection } from '../../../src/pipe/report/page/section/timeline.ts';
import { studyInput } from './fixture.ts';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
function boxes(text: string, pattern: RegExp): readonly Box[] {
  return [...text.matchAll(pattern)].map((match) => {
    const number = (name: string): number => Number(new RegExp(` ${name}="([\\d.]+)"`).exec(match[0])![1]);
    return { x: number('x'), y: number('y'), width: number('width'), height: number('height') };
  });
}
const apart = (a: Box, b: Box): boolean =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;

test('the graph shows each stage once however many cells it has, and no box covers another', async () => {
  const input = studyInput({ cells: 1000 });
  const text = (await dagSection(input))!.text;
  expect(text.match(/<g class="stage">/g)).toHaveLength(input.stages.length);
  expect(text.match(/<g class="source">/g)).toHaveLength(2);
  expect(text.match(/class="edge"/g)).toHaveLength(input.stages.flatMap(({ reads }) => reads).length);
  expect(text).toContain('variant × seed: 498 cells');
  expect(text).toContain('✓ 469 ran  ✕ 29 failed');
  const found = boxes(text, /<rect x[^>]* rx="[^>]*>/g);
  expect(found).toHaveLength(input.stages.length + 2);
  for (const [i, a] of found.entries()) for (const b of found.slice(i + 1)) expect(apart(a, b)).toBe(true);
});

test('a long pipeline goes down the page and stays narrow enough to read', async () => {
  const stages = Array.from({ length: 14 }, (_, i) => ({
    name: `stage-with-a-name-${i}`,
    description: '',
    axes: [],
    reads: i === 0 ? [] : [`stage-with-a-name-${i - 1}`],
  }));
  const input: ReportInput = { ...studyInput({ figures: 0 }), stages, sources: [], cells: [] };
  const [, width, height] = /class="dag"[^>]* width="(\d+)" height="(\d+)"/.exec(
    (await dagSection(input))!.text,
  )!;
  expect(Number(width)).toBeLessThan(300);
  expect(Number(height)).toBeGreaterThan(900);
});

test('in the timeline no two cells of one lane overlap, and a GPU has a lane of its own', () => {
  const input = studyInput();
  const text = timelineSection(input)!.text;
  expect(text).toContain('>GPU 0</text>');
  expect(text).toContain('>GPU 1</text>');
  const found = boxes(text, /<rect class="c\d[^>]*data-l[^>]*>/g);
  expect(found).toHaveLength(input.cells.filter(({ startedMs }) => startedMs !== null).length);
  // Bars are at least 1.5 px wide, so neighbours may share that much.
  for (const [i, a] of found.entries())
    for (const b of found.slice(i + 1))
      if (a.y === b.y)
        expect(Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)).toBeLessThanOrEqual(1.5);
});

test('states are counted in one order, empty ones left out', () => {
  const states = ['failed', 'done', 'done', 'waiting', 'restored'] as const;
  expect(countStates(states.map((state) => ({ state })))).toEqual([
    ['done', 2],
    ['restored', 1],
    ['failed', 1],
    ['waiting', 1],
  ]);
});

test('states and verdicts are told by a word and a sign, never by colour alone', () => {
  for (const looks of [stateLooks, verdictLooks]) {
    const all = Object.values(looks);
    expect(new Set(all.map(({ word }) => word)).size).toBe(all.length);
    for (const look of all) expect(badge(look).text).toContain(`>${look.sign}</span> ${look.word}</span>`);
  }
  const signs = Object.values(verdictLooks).map(({ sign }) => sign);
  expect(new Set(signs).size).toBe(signs.length);
});

test('text is escaped for elements and attributes, HTML stays', () => {
  const evil = `"><script>&'\u0000\u001b[31m`;
  expect(html`<p title="${evil}">${evil}${raw('<b>x</b>')}${[1, null, false, 'y']}</p>`.text).toBe(
    `<p title="&quot;&gt;&lt;script&gt;&amp;'[31m">&quot;&gt;&lt;script&gt;&amp;'[31m<b>x</b>1y</p>`,
  );
  expect(anchor('figure', 'plain-1')).toBe('figure-plain-1');
  expect(anchor('figure', 'τ a/b"c')).toMatch(/^figure--a-b-c-[0-9a-f]{6}$/);
  expect(anchor('figure', 'a b')).not.toBe(anchor('figure', 'a/b'));
});
