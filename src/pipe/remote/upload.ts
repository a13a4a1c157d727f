/** A content on its way to a remote: hashed while it goes, and its last bytes are held back until its digest is known. */
import { closeSync } from 'node:fs';
import { openRegular } from '../../lib/open-regular.ts';
import { type Sha256, sha256Of } from '../../lib/sha256.ts';
import { contentSum } from './content-sum.ts';
import { readPieces } from './pieces.ts';

/** What lies in the local store is not what its name says: nothing of it may get there. */
export class DamagedHere extends Error {
  readonly object: Sha256;
  constructor(object: Sha256) {
    super(`object ${object} is damaged here`);
    this.object = object;
  }
}

/** @throws DamagedHere before the last bytes, so that no server takes what came for a whole */
export async function* checkedContent(
  file: string,
  { sha256, size }: { readonly sha256: Sha256; readonly size: number },
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const descriptor = openRegular(file);
  if (descriptor === null) throw new DamagedHere(sha256);
  const sum = contentSum(size, null);
  try {
    let held: Buffer | null = null;
    let done = 0;
    // A byte more than there should be shows a file that grew.
    for await (const piece of readPieces(descriptor, { start: 0, end: size + 1 })) {
      if (held !== null) {
        yield held;
        onBytes(held.length);
      }
      await sum.take(piece, false);
      done += piece.length;
      held = piece;
    }
    if (done !== size || (await sum.digest()) !== sha256) throw new DamagedHere(sha256);
    if (held !== null) {
      yield held;
      onBytes(held.length);
    }
  } finally {
    await sum.close();
    closeSync(descriptor);
  }
}

/** A text on its way: an entry. */
export function textContent(text: string): {
  readonly size: number;
  readonly sha256: Sha256;
  content(): AsyncGenerator<Buffer>;
} {
  const bytes = Buffer.from(text);
  return {
    size: bytes.length,
    sha256: sha256Of(bytes),
    content: async function* () {
      yield bytes;
    },
  };
}
