/** What a figure is made of: a Vega-Lite specification that stands alone, what is said of it, and its numbers as CSV. */

export type Spec = Readonly<Record<string, unknown>>;
/** A row of a figure's data; null where a number is undefined. */
export type Datum = Readonly<Record<string, string | number | null>>;

export interface Figure {
  /** File name without ending: `figure-04`. */
  readonly name: string;
  readonly title: string;
  readonly caption: string;
  readonly section: string;
  readonly order: number;
  /** What the paper says of it. */
  readonly statement: string;
  /** The drawing, without title and meta. */
  readonly spec: Spec;
  /** The numbers behind it, every row. */
  readonly data: readonly Datum[];
  /** "6 of 10 networks", when some are missing. */
  readonly partial?: string;
}

/** A figure that could not be drawn, and why. */
export interface LeftOut {
  readonly name: string;
  readonly title: string;
  readonly reason: string;
}

/** The whole specification as a file holds it. */
export function standAlone(figure: Figure): Spec {
  const { title, caption, section, order, statement, partial } = figure;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    ...figure.spec,
    usermeta: { pipe: { title, caption, section, order, statement, ...(partial ? { partial } : {}) } },
  };
}

/** Columns in the order in which they first appear. Text with commas or quotes is quoted (RFC 4180). */
export function toCsv(rows: readonly Datum[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const field = (value: string | number | null | undefined) => {
    if (value === null || value === undefined) return '';
    const text = String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows.map((row) => columns.map((name) => row[name]))]
    .map((line) => `${line.map(field).join(',')}\n`)
    .join('');
}
