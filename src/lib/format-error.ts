/** The one error of the raw readers: what is wrong in a benchmark file, and at which byte. */

/** Where in the file: in the file as it lies on disk, or in what its compression unpacks to. */
export type OffsetKind = 'file' | 'unpacked';

/**
 * A file that is not what its name says: truncated, corrupt, or holding something this reader refuses. `offset` is
 * a byte position, in the file itself or in the unpacked data (`offsetIn`).
 */
export class BenchFormatError extends Error {
  readonly reason: string;
  readonly offset: number;
  readonly offsetIn: OffsetKind;
  readonly file: string | null;
  constructor(reason: string, offset: number, offsetIn: OffsetKind, file: string | null = null) {
    const place = offsetIn === 'file' ? `byte ${offset}` : `byte ${offset} of the unpacked data`;
    super(`${file === null ? '' : `${file}: `}${reason} (at ${place})`);
    this.name = 'BenchFormatError';
    this.reason = reason;
    this.offset = offset;
    this.offsetIn = offsetIn;
    this.file = file;
  }

  /** The same error with the file's name in front. */
  inFile(file: string): BenchFormatError {
    return new BenchFormatError(this.reason, this.offset, this.offsetIn, file);
  }
}

/** What was given is no raw benchmark at all: a missing path, an empty folder. `hint` says what to do. */
export class BenchInputError extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'BenchInputError';
    this.hint = hint;
  }
}
