/** One content from a remote into a file: hashed while it comes, bounded before a byte is kept, gone on with where it broke. */
import { closeSync, fstatSync, ftruncateSync, openSync, rmSync } from 'node:fs';
import type { Sha256 } from '../../lib/sha256.ts';
import { contentSum } from './content-sum.ts';
import type { Pace } from './pace.ts';
import { readPieces } from './pieces.ts';
import { type Remote, RemoteFault } from './remote.ts';

export interface Download {
  readonly remote: Remote;
  readonly sha256: Sha256;
  /** Bytes that it must have. */
  readonly size: number;
  /** Absolute; what it holds from an earlier try is gone on with. Nobody else writes it. */
  readonly part: string;
  readonly pace: Pace;
  readonly onBytes: (bytes: number) => void;
}

/** Whole and with its digest in `part` when this returns true. False: the remote has none. @throws RemoteFault */
export async function download(wanted: Download): Promise<boolean> {
  const { remote, sha256, size, part, pace } = wanted;
  const file = openSync(part, 'a+', 0o600);
  const sum = contentSum(size, file);
  try {
    const had = Math.min(fstatSync(file).size, size);
    let done = 0;
    for await (const piece of readPieces(file, { start: 0, end: had })) {
      await sum.take(piece, false);
      done += piece.length;
    }
    const answer =
      had === size && size > 0
        ? 'whole'
        : await remote.get(
            { shelf: 'cas', name: sha256 },
            {
              from: done,
              signal: pace.signal,
              begin: (start, total) => {
                if (total !== null && total !== size)
                  throw new RemoteFault(`a content has ${total} bytes there instead of ${size}`);
                if (start === done) return;
                ftruncateSync(file, 0);
                sum.restart();
                done = 0;
              },
              take: (chunk) => {
                if (done + chunk.length > size)
                  throw new RemoteFault(`a content has more than its ${size} bytes there`);
                done += chunk.length;
                pace.moved(chunk.length);
                wanted.onBytes(chunk.length);
                return sum.take(chunk, true);
              },
            },
          );
    if (answer === 'missing') return false;
    if (done < size) throw new RemoteFault('a content ends early there', true);
    if ((await sum.digest()) === sha256) return true;
    // Kept, it would be gone on with for ever. Of two halves one may be an older lie: once more from the start.
    rmSync(part, { force: true });
    throw new RemoteFault('a content there is not what its name says', had > 0);
  } finally {
    // Not before what came is written: the number of a closed file may be another's.
    await sum.close();
    closeSync(file);
  }
}
