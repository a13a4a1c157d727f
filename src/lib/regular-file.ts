/** Reads regular files only: a pipe or device of the same name would block for ever, or never end. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { hasCode } from './errno.ts';

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
export function openRegularFile(path: string, flags = 0): number {
  // Opening a pipe for reading waits for a writer unless asked not to.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
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

/** A file of our own, which is not larger than that and no link; `damaged`: something else stands there. */
export function readOwnFile(path: string, limitBytes: number): Buffer | 'missing' | 'damaged' {
  let descriptor: number;
  try {
    descriptor = openRegularFile(path, constants.O_NOFOLLOW);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'missing';
    if (error instanceof NotAFileError || hasCode(error, 'ELOOP', 'ENXIO')) return 'damaged';
    throw error;
  }
  try {
    return fstatSync(descriptor).size > limitBytes ? 'damaged' : readFileSync(descriptor);
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
