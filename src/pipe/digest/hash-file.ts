/** sha256 of a file's bytes. */
import { createHash } from 'node:crypto';
import { closeSync, read, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { openRegularFile } from '../../lib/regular-file.ts';
import { type Sha256, sha256Of } from '../../lib/sha256.ts';
import { PathError } from './look.ts';
import { reasonOf } from './stat.ts';

/** Read at once when smaller; above, in pieces, so that the screen goes on. */
const smallBytes = 256 * 1024;
const pieceBytes = 4 * 1024 * 1024;
const readPiece = promisify(read);
/** In pieces, so that others get their turn. @throws PathError */
export async function hashFile(path: string, size: number): Promise<Sha256> {
  let descriptor: number | undefined;
  try {
    descriptor = openRegularFile(path);
    if (size <= smallBytes) return sha256Of(readFileSync(descriptor));
    const hash = createHash('sha256');
    let [filling, full] = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)];
    let next = readPiece(descriptor, filling, 0, pieceBytes, null);
    for (;;) {
      const { bytesRead } = await next;
      if (bytesRead === 0) break;
      [filling, full] = [full, filling];
      // The next piece is read on another thread while this one is hashed.
      next = readPiece(descriptor, filling, 0, pieceBytes, null);
      hash.update(full.subarray(0, bytesRead));
    }
    return hash.digest('hex') as Sha256;
  } catch (error) {
    throw new PathError(path, `cannot be read (${reasonOf(error)})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
