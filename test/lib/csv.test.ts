import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvRecords, parseCsv } from '../../src/lib/csv.ts';

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

test('a record has the line on which it begins, whatever line breaks its fields hold', () => {
  expect(csvRecords('\uFEFFa,b\r\n1,"x\ny\n"\n\n3,4\n\n')).toEqual({
    records: [
      { fields: ['a', 'b'], line: 1 },
      { fields: ['1', 'x\ny\n'], line: 2 },
      { fields: [''], line: 5 },
      { fields: ['3', '4'], line: 6 },
    ],
    openQuote: null,
  });
});

test('a quote that is never closed has its line', () => {
  expect(csvRecords('a,b\n"1\n2","3\n4,5\n').openQuote).toBe(3);
  expect(csvRecords('a,b\n"1"').openQuote).toBeNull();
});

test('any table that is written as RFC 4180 asks comes back', () => {
  const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'é') });
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  fc.assert(
    fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1 }), (rows) => {
      const text = rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
      expect(csvRecords(text).records.map(({ fields }) => fields)).toEqual(rows);
    }),
  );
});
