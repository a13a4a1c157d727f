import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { layoutOf } from '../../../src/pipe/store/layout.ts';
import { liveRuns, workingLocks } from '../../../src/pipe/store/live-run.ts';
import { batchFolder, closeJob, openJobs } from '../../../src/pipe/store/open-jobs.ts';
import { Folder } from '../../kit/folder.ts';

const folder = new Folder();
const layout = layoutOf(folder.dir);
afterEach(() => folder.remove());

function write(batch: string, cells: readonly object[]): void {
  mkdirSync(batchFolder(layout, batch), { recursive: true });
  const record = {
    version: 1,
    batch,
    executor: 'lab',
    run: 'r1',
    pipeline: 'pipeline.yaml',
    created: '',
    tasks: [[0]],
    cells,
  };
  writeFileSync(join(batchFolder(layout, batch), 'batch.json'), JSON.stringify(record));
}
const cell = (name: string, staging = join(layout.staging, name, 'r1-1')) => ({
  cell: name,
  key: 'k',
  attempt: 1,
  folder: join(layout.runs, 'r1/cells', name, '1'),
  staging,
  guard: {},
  memoryStep: 0,
});

test('a job is open until its cell is closed; its run counts as live; the last cell takes the folder along', () => {
  write('pipe-0a', [cell('a'), cell('b')]);
  expect(openJobs(layout).map((job) => job.cell)).toEqual(['a', 'b']);
  expect([...liveRuns(layout)]).toEqual(['r1']);
  expect(workingLocks(layout).map(({ name }) => name)).toEqual(['pipe-0a']);
  closeJob(layout, { batch: 'pipe-0a', index: 0 });
  expect(openJobs(layout).map((job) => job.cell)).toEqual(['b']);
  closeJob(layout, { batch: 'pipe-0a', index: 1 });
  expect(existsSync(batchFolder(layout, 'pipe-0a'))).toBe(false);
  expect([...liveRuns(layout)]).toEqual([]);
});

test('records that name paths outside the cache, of another name, or cut off, are nobody’s', () => {
  write('pipe-0b', [cell('a', '/etc'), cell('b', join(layout.staging, '../../..'))]);
  mkdirSync(batchFolder(layout, 'pipe-0c'), { recursive: true });
  writeFileSync(join(batchFolder(layout, 'pipe-0c'), 'batch.json'), '{"version":1,"batch":"pipe-0c"');
  expect(openJobs(layout)).toEqual([]);
});
