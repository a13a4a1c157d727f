/** A file in pieces, each read while the one before is worked on: memory stays flat however large the file is. */
import { read } from 'node:fs';
import { promisify } from 'node:util';

const readPiece = promisify(read);
const pieceBytes = 1024 * 1024;

/** Bytes `start` to `end` of an open file; less when it ends before. Each piece is the taker's to keep. */
export async function* readPieces(
  descriptor: number,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<Buffer> {
  const next = (at: number) => {
    const wanted = Math.min(pieceBytes, end - at);
    return wanted <= 0
      ? Promise.resolve({ bytesRead: 0, buffer: Buffer.alloc(0) })
      : readPiece(descriptor, Buffer.allocUnsafeSlow(wanted), 0, wanted, at);
  };
  let reading = next(start);
  for (let at = start; ; ) {
    const { bytesRead, buffer } = await reading;
    if (bytesRead === 0) return;
    at += bytesRead;
    reading = next(at);
    // Whoever stops early leaves one reading behind: it must not end as an unhandled rejection.
    reading.catch(() => {});
    yield buffer.subarray(0, bytesRead);
  }
}
