import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readSealed, writeSealedTogether } from '../../src/lib/sealed.ts';
import { Folder } from '../kit/folder.ts';

const folder = new Folder();
afterEach(() => folder.remove());

test('a record that is not allowed any more once it is written gets no name, and nothing of it stays', async () => {
  const file = join(folder.dir, 'records/one.json');
  const answers = [true, false];
  expect(await writeSealedTogether(file, ['lost'], () => answers.shift() ?? false)).toBe(false);
  expect(answers).toEqual([]);
  expect(readdirSync(join(folder.dir, 'records'))).toEqual([]);
  expect(await writeSealedTogether(file, ['held'], () => true)).toBe(true);
  expect(readSealed(file)).toEqual(['held']);
});
