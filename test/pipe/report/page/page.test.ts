import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { buildVegaRuntime } from '../../../../scripts/client.mjs';
import type { ReportInput } from '../../../../src/pipe/report/model/input.ts';
import { buildReport, reportLimits } from '../../../../src/pipe/report/page/page.ts';
import { studyInput } from '../fixture.ts';

const empty: ReportInput = {
  ...studyInput({ figures: 0 }),
  run: null,
  cells: [],
  tables: [],
  metrics: [],
  claims: [],
  notices: [],
};

test('an empty report stays under 60 KB', async () => {
  expect(Buffer.byteLength((await buildReport(empty)).html)).toBeLessThan(60_000);
});

test('twelve figures with their interaction and 1,000 cells stay under 1.5 MB', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pipe-runtime-'));
  await buildVegaRuntime(fileURLToPath(new URL('../../../..', import.meta.url)), folder);
  const runtime = await readFile(join(folder, 'vega-runtime.js'), 'utf8');
  await rm(folder, { recursive: true });
  const input = studyInput({ cells: 1000, figures: 12 });
  expect(input.cells.length).toBe(1000);
  const { html, warnings } = await buildReport(input, { runtime });
  expect(html).toContain('id="live-runtime"');
  expect(html.match(/<svg class="plot"/g)).toHaveLength(12);
  expect(Buffer.byteLength(html)).toBeLessThan(1_500_000);
  expect(warnings).toEqual([]);
});

test('the same results give the same bytes', async () => {
  const first = await buildReport(studyInput());
  const second = await buildReport(studyInput());
  expect(second.html).toBe(first.html);
  expect(second.json).toBe(first.json);
});

test('the policy names the digests of what stands in the page, and no id stands twice', async () => {
  const { html } = await buildReport(studyInput());
  const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)![1]!;
  const script = /<script>([\s\S]*?)<\/script>/.exec(html)![1]!;
  expect(html).toContain(`style-src ${digest(style)}; script-src ${digest(script)};`);
  expect(html).not.toMatch(/ style="| on\w+="|https?:\/\/(?!www\.w3\.org)(?!vega\.github\.io\/schema)/);
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
  expect(new Set(ids).size).toBe(ids.length);
});

test('what a stage wrote is text, never markup', async () => {
  const evil = '</script><script>alert(1)</script><img src=x onerror=alert(1)>';
  const input = studyInput({ figures: 2 });
  const { html, json } = await buildReport({
    ...input,
    title: evil,
    description: evil,
    figures: input.figures.map((figure) => ({
      ...figure,
      meta: { ...figure.meta, title: evil, caption: evil },
      csv: `a\n"${evil}"\n`,
    })),
    cells: input.cells.map((cell) => ({ ...cell, warnings: [evil] })),
    params: { [evil]: evil },
  });
  expect(html).not.toContain('<img');
  expect(html.match(/<\/script>/g)).toHaveLength(3);
  const inside = /<script type="application\/json" id="report-data">([\s\S]*?)<\/script>/.exec(html)![1]!;
  const whole = JSON.parse(json);
  for (const figure of whole.figures) {
    delete figure.spec;
    delete figure.csv;
  }
  expect(JSON.parse(inside)).toEqual(whole);
  expect(JSON.parse(inside).title).toBe(evil);
});

test('what is missing is said: cells, seeds, rows, figures', async () => {
  const input = studyInput();
  const broken = { ...input.figures[0]!, name: 'broken', spec: { mark: 'point', data: { url: 'x.csv' } } };
  const { html, warnings } = await buildReport({ ...input, figures: [...input.figures, broken] });
  expect(html).toContain('1 failed, 46 of 48 cells there');
  expect(html).toContain('n = 3 of 5');
  expect(html).toContain('Each mean is of n = 5 unless noted.');
  expect(html).toContain('1 row not drawn');
  expect(html).toContain('Partial: 6 of 10 cells');
  expect(html).toContain('This figure could not be drawn: data.url');
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/figure broken of plot could not be drawn/);
});

test('claims without a verdict are one line that says how to get it; the arithmetic of each is in a fold', async () => {
  const { html } = await buildReport(studyInput({ figures: 0 }));
  const claims = /<section id="claims">[\s\S]*?<\/section>/.exec(html)![0];
  expect(claims).toContain(
    '<summary>1 claim needs results that this run leaves out; 1 claim undecided: too few seeds, too small a scale, or too close to call. <span class="hint"><code>--profile cpu</code> runs the other variants</span></summary>',
  );
  const supported = /<li class="claim [^"]*" id="claim-12">[\s\S]*?<\/li>/.exec(claims)![0];
  const [line, fold] = supported.split('<details>');
  expect(line).toContain('τ stays low everywhere');
  expect(line).not.toMatch(/0\.11|0\.19/);
  expect(fold).toContain('<th scope="row">lowest τ_a</th><td class="num">−0.60</td>');
  // In place of the sentence.
  expect(fold).not.toContain('The highest mean τ within');
});

test('figures, tables and key figures without data are not drawn, and named once', async () => {
  const input = studyInput({ figures: 1 });
  const [table] = input.tables;
  const [figure] = input.figures;
  const empty = { ...table!, value: { ...table!.value, title: 'Nothing here', rows: [{ variant: 'a' }] } };
  // Several texts may name a row, and are no data.
  const axes = ['space', 'size'].map((name) => ({ name, label: name, kind: 'text' as const }));
  const named = {
    ...empty,
    value: {
      ...empty.value,
      title: 'Named alone',
      columns: [...axes, ...empty.value.columns.slice(1)],
      rows: [{ space: 'a', size: 'S' }],
    },
  };
  const blank = {
    ...figure!,
    name: 'blank',
    meta: { ...figure!.meta, title: 'Nothing drawn' },
    spec: { mark: 'point', data: { values: [] } },
  };
  const { html } = await buildReport({
    ...input,
    tables: [...input.tables, empty, named],
    figures: [...input.figures, blank],
  });
  const text = html.replace(/<script[\s\S]*?<\/script>/g, '');
  expect(text.match(/Nothing here/g)).toHaveLength(1);
  expect(text.match(/Nothing drawn/g)).toHaveLength(1);
  expect(text).toContain('2 tables left out, without data in this run: Nothing here; Named alone.');
  expect(text).toContain('1 figure left out, without data in this run: Nothing drawn.');
});

test('the page leads with the result: key figures, figures, tables, claims, then how it was made', async () => {
  const { html } = await buildReport(studyInput({ figures: 1 }));
  const ids = [...html.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id);
  expect(ids).toEqual([
    ...['metrics', 'figures', 'results', 'claims', 'failures', 'pipeline'],
    ...['work', 'timeline', 'provenance', 'reproduce'],
  ]);
});

test('the best value of a column that says which way is better is marked', async () => {
  const { html } = await buildReport(studyInput({ figures: 0 }));
  const results = /<section id="results">[\s\S]*?<\/section>/.exec(html)![0];
  // Four columns say so; that of the number of architectures does not.
  expect(results.match(/class="best"/g)).toHaveLength(4);
});

test('a partial run says how much of the plan is there', async () => {
  const input = studyInput({ failing: false });
  const cells = input.cells.map((cell, i) =>
    i < 12 ? cell : { ...cell, state: 'waiting' as const, startedMs: null },
  );
  const { html } = await buildReport({ ...input, cells });
  expect(html).toContain('Partial: 12 of 48 cells');
});

test('every mark of a figure keeps its description', async () => {
  const { html } = await buildReport(studyInput({ figures: 1 }));
  const figure = /<figure [\s\S]*?<\/figure>/.exec(html)![0];
  expect(figure.match(/ data-l="/g)).toHaveLength(300);
});

test('a large report is said to be large', async () => {
  const description = 'a long word '.repeat(reportLimits.warn / 24);
  const { warnings } = await buildReport({ ...studyInput({ figures: 0 }), description });
  expect(warnings).toEqual([expect.stringMatching(/^the report is 1\.9\d* MiB: large/)]);
});

test('above the limit a report is refused with advice', async () => {
  const description = 'a long word '.repeat(reportLimits.refuse / 24);
  // Only the message: a failing assertion would print ten megabytes.
  const refused = await buildReport({ ...studyInput({ figures: 0 }), description }).then(
    () => 'written',
    (error: Error) => error.message,
  );
  expect(refused).toMatch(/^the report would be 9\.[5-9]\d* MiB \(at most 9\.5 MiB\)/);
});
