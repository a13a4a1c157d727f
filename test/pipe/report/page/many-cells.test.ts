import { expect, test } from 'vitest';
import { countText } from '../../../../src/lib/format.ts';
import { hasFailed } from '../../../../src/pipe/report/model/state.ts';
import { buildReport } from '../../../../src/pipe/report/page/page.ts';
import { studyInput } from '../fixture.ts';

const bound = 3_000_000;

test('a report of ten thousand cells stays below 3 MB, and says what it leaves out and where that is', async () => {
  const input = studyInput({ cells: 10_001, figures: 0 });
  const { html, json } = await buildReport(input);
  expect(input.cells.length).toBeGreaterThan(9_990);
  expect(Buffer.byteLength(html)).toBeLessThan(bound);
  const rows = html.split('aria-label="Failed and slowest cells"')[1]?.split('</table>')[0] ?? '';
  const listed = rows.split('<tr>').length - 2;
  expect(listed).toBeLessThan(input.cells.length);
  expect(html).toContain(
    `${listed} of ${countText(input.cells.length, 'cell')}: failed ones first, then the slowest. The other ${input.cells.length - listed} are counted in the table by stage; <code>report.json</code> has them all.`,
  );
  for (const { id } of input.cells.filter(({ state }) => hasFailed(state)))
    expect(rows).toContain(`<code>${id}</code>`);
  const whole: { cells: { id: string; ms: number | null }[] } = JSON.parse(json);
  expect(whole.cells.map(({ id }) => id)).toEqual(input.cells.map(({ id }) => id));
  expect(whole.cells.filter(({ ms }) => ms !== null).length).toBeGreaterThan(9_000);
});
