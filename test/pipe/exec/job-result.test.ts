import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readResult } from '../../../src/pipe/exec/queue/job-result.ts';
import { Folder } from '../../kit/folder.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const good = {
  version: 1,
  ended: { kind: 'ok' },
  wallMs: 12,
  usage: { peakBytes: 1, cpuMs: 2 },
  host: 'node1',
};

test('what a job writes is its result', () => {
  const file = join(folder.dir, 'good.json');
  writeFileSync(file, JSON.stringify(good));
  expect(readResult(file)).toEqual(good);
});

test.each([
  ['of another version', { ...good, version: 2 }],
  ['without an end', { ...good, ended: undefined }],
  ['with an end that there is not', { ...good, ended: { kind: 'fine' } }],
  ['with a time that is text', { ...good, wallMs: '12' }],
  ['with half of its usage', { ...good, usage: { peakBytes: 1 } }],
  ['too long', { ...good, host: 'x'.repeat(2 ** 20) }],
])('what a job did not write is no result: %s', (_, record) => {
  const file = join(folder.dir, 'record.json');
  writeFileSync(file, JSON.stringify(record));
  expect(readResult(file)).toBeNull();
});

test('what a job did not write whole is no result yet', () => {
  const file = join(folder.dir, 'cut.json');
  const text = JSON.stringify(good);
  for (const length of [0, 1, text.length - 1]) {
    writeFileSync(file, text.slice(0, length));
    expect(readResult(file)).toBeNull();
  }
  expect(readResult(join(folder.dir, 'none.json'))).toBeNull();
});
