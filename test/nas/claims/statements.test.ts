/** docs/explanation/paper.md, the paper's statements one by one, and claims.yaml name each other. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readClaims } from '../../../src/nas/claims/read.ts';

const file = readClaims(readFileSync('claims.yaml', 'utf8'), 'claims.yaml');
const rows = readFileSync('docs/explanation/paper.md', 'utf8')
  .split('\n')
  .filter((line) => /^\| [1-9D]/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('every statement of the page has a claim or is listed as unchecked, and every claim stands on the page', () => {
  const ids = rows.flatMap((cells) => cells[3]!.split(', ')).filter((id) => id !== '–');
  expect(new Set(ids)).toEqual(new Set(file.claims.map(({ id }) => id)));
  expect(rows.filter((cells) => cells[3] === '–')).toHaveLength(file.unchecked.length);
});

test('the docs give the number of claims that there are', () => {
  const said = (path: string) => / (\d+) statements/.exec(readFileSync(path, 'utf8'))?.[1];
  expect(said('docs/explanation/claims.md')).toBe(String(file.claims.length));
  expect(said('CHANGELOG.md')).toBe(String(file.claims.length));
});
