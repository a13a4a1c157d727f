/** Reads regular files only: a pipe or device of the same name would block for ever, or never end. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';

/** The path is there, but is no regular file. */
export class NotAFileError extends Error {
  readonly reason: string;
  constructor(path: string, kind: string) {
    const reason = `is ${kind}, where a file belongs`;
    super(`${path} ${reason}`);
    this.name = 'NotAFileError';
    this.reason = reason;
  }
}

/** A descriptor of the file, to be closed. Never blocks. @throws NotAFileError, or what the system says */
export function openRegularFile(path: string): number {
  // Opening a pipe for reading waits for a writer unless asked not to.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stat = fstatSync(descriptor);
  if (stat.isFile()) return descriptor;
  closeSync(descriptor);
  throw new NotAFileError(path, kindOf(stat));
}

/** @throws NotAFileError, or what the system says */
export function readRegularFile(path: string): Buffer {
  const descriptor = openRegularFile(path);
  try {
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a named pipe';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}
