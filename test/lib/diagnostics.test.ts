import { expect, test } from 'vitest';
import { Diagnostics } from '../../src/lib/diagnostics/diagnostics.ts';

const at = { file: 'pipeline.yaml', line: 3, column: 5 };

test('two different mistakes at one place are both reported, the same one once', () => {
  const diagnostics = new Diagnostics(null);
  for (const message of ['`a` is unknown', '`b` is unknown', '`a` is unknown'])
    diagnostics.report('unknown', at, message);
  expect(diagnostics.all.map(({ message }) => message)).toEqual(['`a` is unknown', '`b` is unknown']);
});

test('of thousands of mistakes at one place three are shown and the others counted', () => {
  const diagnostics = new Diagnostics(null);
  for (let cell = 0; cell < 1000; cell++) diagnostics.report('unknown', at, `cell ${cell}`);
  expect(diagnostics.all.map(({ message }) => message)).toEqual([
    'cell 0',
    'cell 1',
    'cell 2',
    '997 more like these, here',
  ]);
});
