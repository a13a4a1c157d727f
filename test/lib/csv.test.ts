import { expect, test } from 'vitest';
import { parseCsv } from '../../src/lib/csv.ts';

test('quotes, doubled quotes, commas and line breaks inside quotes, CRLF, no last line break', () => {
  expect(parseCsv('a,"b,c"\r\n1,"say ""hi""\nagain"\n\n,x')).toEqual({
    header: ['a', 'b,c'],
    rows: [
      ['1', 'say "hi"\nagain'],
      ['', 'x'],
    ],
  });
});

test('an empty text has no header and no rows', () => {
  expect(parseCsv('')).toEqual({ header: [], rows: [] });
});
