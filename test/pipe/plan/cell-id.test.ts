/** Ids and folders of cells: unambiguous, reversible, safe. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellFolder, cellId, cellOfFolder, parseCellId } from '../../../src/pipe/plan/cell-id.ts';

const names = fc.array(fc.string({ unit: 'binary', maxLength: 12 }), { maxLength: 4 });
const stages = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,10}$/);

test('plain names stand as they are, odd ones are quoted', () => {
  expect(cellId('train', [])).toBe('train');
  expect(cellId('train', ['no-zero', '3', '0.5', 'naïve'])).toBe('train[no-zero,3,0.5,naïve]');
  expect(cellId('train', ['a,b', 'x]', '', '*', 'a b'])).toBe('train["a,b","x]","","*","a b"]');
});

test('an id gives back its stage and names', () => {
  fc.assert(
    fc.property(stages, names, (stage, given) => {
      const parsed = parseCellId(cellId(stage, given));
      expect(parsed).toEqual({ stage, names: given });
    }),
    { numRuns: 2000, seed: 1 },
  );
});

test('a folder gives back its id, is one safe name, and no two ids share one', () => {
  fc.assert(
    fc.property(stages, names, stages, names, (stage, given, otherStage, otherNames) => {
      const id = cellId(stage, given);
      const other = cellId(otherStage, otherNames);
      const folder = cellFolder(id);
      expect(folder).toMatch(/^[A-Za-z0-9._+=@,%~-]{1,200}$/);
      if (!folder.includes('~') && wellFormed(given)) expect(cellOfFolder(folder)).toBe(id);
      if (id !== other && wellFormed([...given, ...otherNames])) expect(cellFolder(other)).not.toBe(folder);
    }),
    { numRuns: 2000, seed: 1 },
  );
});

test('a long id keeps a readable start and stays apart from its neighbours', () => {
  const long = (end: string) => cellFolder(cellId('train', ['x'.repeat(300) + end]));
  expect(long('a')).toMatch(/^train@x{100,}~[0-9a-f]{20}$/);
  expect(long('a')).not.toBe(long('b'));
  expect(cellOfFolder(long('a'))).toBeNull();
});

test.each([
  '',
  'train[',
  'train]',
  'train[a',
  'train[a]b',
  '[a]',
  'a b',
  'train["a]',
  'train[a b]x',
  'train[,]',
])('%s is no id', (text) => {
  expect(parseCellId(text)).toBeNull();
});

/** UTF-8 has no spelling for half a surrogate pair. */
function wellFormed(given: readonly string[]): boolean {
  return given.every(
    (name) => !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(name),
  );
}
