/** CSV (RFC 4180), read by d3-dsv, with what that does not tell: the line of each record, and a quote left open. */
import { csvParseRows } from 'd3-dsv';

export interface CsvRecord {
  readonly fields: readonly string[];
  /** 1-based, in the file: where the record begins. */
  readonly line: number;
}

export interface CsvRecords {
  /** Every record, the header too; an empty line is one with an empty field. Empty lines at the end are left out. */
  readonly records: readonly CsvRecord[];
  /** Line of a quote that is never closed, so that the rest of the file is one field; null: all are. */
  readonly openQuote: number | null;
}

export interface CsvTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Put behind the text: where a quote is open it becomes part of a field, otherwise a record of its own. */
const end = '\0';

/** Never throws: what is no CSV is a table of odd fields. A byte order mark is left out. */
export function csvRecords(text: string): CsvRecords {
  let line = 1;
  const records = csvParseRows(`${text.replace(/^\uFEFF/, '')}\n${end}`).map((fields): CsvRecord => {
    const record = { fields, line };
    line += 1 + lineBreaks(fields);
    return record;
  });
  const last = records.pop();
  const isClosed = last?.fields.length === 1 && last.fields[0] === end;
  const openQuote = last === undefined || isClosed ? null : last.line + lineBreaks(last.fields.slice(0, -1));
  while (records.length > 0 && isEmptyLine(records.at(-1))) records.pop();
  return { records, openQuote };
}

/** Records below a header line; empty lines are left out. */
export function parseCsv(text: string): CsvTable {
  const [header, ...rows] = csvRecords(text).records.filter((record) => !isEmptyLine(record));
  return { header: header?.fields ?? [], rows: rows.map(({ fields }) => fields) };
}

/** Whether nothing but white space stands in the record's line. */
export function isEmptyLine(record: CsvRecord | undefined): boolean {
  return record?.fields.length === 1 && record.fields[0]?.trim() === '';
}

function lineBreaks(fields: readonly string[]): number {
  return fields.reduce((breaks, field) => breaks + field.split('\n').length - 1, 0);
}

/** Rows as CSV with a header line; what holds a comma, a quote or a line break is quoted. */
export function csvText(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const field = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [header, ...rows].map((row) => `${row.map(field).join(',')}\n`).join('');
}
