/** One content from a remote into a file: hashed while it comes, bounded before a byte is kept, gone on with where it broke. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Sha256 } from '../../lib/sha256.ts';
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
  try {
    const had = Math.min(fstatSync(file).size, size);
    const state = { hash: createHash('sha256'), done: 0 };
    for await (const piece of readPieces(file, { start: 0, end: had })) {
      state.hash.update(piece);
      state.done += piece.length;
    }
    const answer =
      had === size && size > 0
        ? 'whole'
        : await remote.get(
            { shelf: 'cas', name: sha256 },
            {
              from: state.done,
              signal: pace.signal,
              begin: (start, total) => {
                if (total !== null && total !== size)
                  throw new RemoteFault(`a content has ${total} bytes there instead of ${size}`);
                if (start === state.done) return;
                ftruncateSync(file, 0);
                Object.assign(state, { hash: createHash('sha256'), done: 0 });
              },
              take: (chunk) => {
                if (state.done + chunk.length > size)
                  throw new RemoteFault(`a content has more than its ${size} bytes there`);
                for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
                state.hash.update(chunk);
                state.done += chunk.length;
                pace.moved(chunk.length);
                wanted.onBytes(chunk.length);
                return undefined;
              },
            },
          );
    if (answer === 'missing') return false;
    if (state.done < size) throw new RemoteFault('a content ends early there', true);
    if (state.hash.digest('hex') === sha256) return true;
    // Kept, it would be gone on with for ever. Of two halves one may be an older lie: once more from the start.
    rmSync(part, { force: true });
    throw new RemoteFault('a content there is not what its name says', had > 0);
  } finally {
    closeSync(file);
  }
}
