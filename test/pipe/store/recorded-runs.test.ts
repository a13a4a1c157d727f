/** Which records and logs of runs stay by default. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { layoutOf } from '../../../src/pipe/store/layout.ts';
import { enterRun } from '../../../src/pipe/store/live-run.ts';
import { boundRuns } from '../../../src/pipe/store/recorded-runs.ts';
import { Folder } from '../../kit/folder.ts';

let project: Folder;
beforeEach(() => {
  project = new Folder();
});
afterEach(() => project.remove());

const runs = () => readdirSync(join(project.dir, 'cache/runs')).sort();
const log = (day: number, cell: string) =>
  `cache/runs/202601${String(day).padStart(2, '0')}-000000-aaaa/cells/${cell}/1/log.txt`;
const bound = { logsPerCell: 2, runs: 3, days: 10 };
const at = (day: number) => Date.UTC(2026, 0, day);

test('of each cell the logs of the newest runs stay; a cell that ran long ago keeps its own', () => {
  for (const day of [1, 2, 3, 4]) project.write(log(day, 'often'), '');
  project.write(log(1, 'seldom'), '');
  boundRuns(layoutOf(project.dir), bound, at(5));
  expect([1, 2, 3, 4].filter((day) => project.has(log(day, 'often')))).toEqual([3, 4]);
  expect(project.has(log(1, 'seldom'))).toBe(true);
  expect(runs()).toHaveLength(4);
});

test('beyond the newest runs a record goes when it is older than the bound; pinned and live ones stay', async () => {
  for (const day of [1, 2, 3, 4, 5, 6, 7]) project.write(log(day, 'a'), '');
  project.write('cache/runs/20260102-000000-aaaa/pinned', '');
  const live = await enterRun(layoutOf(project.dir), '20260103-000000-aaaa');
  boundRuns(layoutOf(project.dir), bound, at(12));
  expect(runs().map((name) => Number(name.slice(6, 8)))).toEqual([2, 3, 4, 5, 6, 7]);
  boundRuns(layoutOf(project.dir), bound, at(30));
  expect(runs().map((name) => Number(name.slice(6, 8)))).toEqual([2, 3, 5, 6, 7]);
  expect(existsSync(join(project.dir, log(3, 'a')))).toBe(true);
  live.release();
});
