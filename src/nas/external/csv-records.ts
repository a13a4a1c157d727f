/** Records of a CSV file (RFC 4180: quoted fields may hold commas, quotes and line ends), each with its first line. */

export interface CsvRecord {
  /** 1-based line on which the record begins. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Blank lines are skipped. Throws SyntaxError with the line of a quote that is never closed. */
export function csvRecords(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let fields: string[] = [];
  let field = '';
  let line = 1;
  let begin = 1;
  let quotedSince: number | null = null;
  const endField = () => {
    fields.push(field.trim());
    field = '';
  };
  const endRecord = () => {
    endField();
    if (fields.length > 1 || fields[0] !== '') records.push({ line: begin, fields });
    fields = [];
  };
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  for (let i = 0; i < body.length; i++) {
    const character = body[i]!;
    if (character === '\n') line++;
    if (quotedSince !== null) {
      if (character !== '"') field += character;
      else if (body[i + 1] === '"') field += body[i++]!;
      else quotedSince = null;
    } else if (character === '"' && field.trim() === '') {
      field = '';
      quotedSince = line;
    } else if (character === ',') endField();
    else if (character === '\n') {
      endRecord();
      begin = line;
    } else if (character !== '\r') field += character;
  }
  if (quotedSince !== null) throw new SyntaxError(`line ${quotedSince}: a quote is never closed`);
  endRecord();
  return records;
}
