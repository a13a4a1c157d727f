/** Files that are there whole or as they were before: written aside, then renamed. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** `durable`: the bytes are on disk when this returns. */
export function replaceFile(file: string, content: Uint8Array | string, durable = false): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  replaceWith(file, (aside) => {
    const descriptor = openSync(aside, 'w', 0o644);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      if (durable) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Puts in place what `write` leaves at the path that it is given; nothing of it stays where it throws. */
export function replaceWith(file: string, write: (aside: string) => void): void {
  const aside = `${file}.${process.pid}.tmp`;
  try {
    write(aside);
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}
