/** The events of a run as its driver appends them, from the first on. */
import { closeSync, readSync } from 'node:fs';
import { openRegular } from '../../lib/open-regular.ts';
import type { RunEvent } from './event.ts';
import { parseEvent } from './read-events.ts';

const chunkBytes = 256 * 1024;

export class FollowedEvents {
  readonly #file: string;
  readonly #take: (event: RunEvent) => void;
  #offset = 0;
  #rest = Buffer.alloc(0);

  constructor(file: string, take: (event: RunEvent) => void) {
    this.#file = file;
    this.#take = take;
  }

  /** Hands on what came since the last call. */
  read(): void {
    const file = openRegular(this.#file, 'r');
    if (file === null) return;
    try {
      const buffer = Buffer.allocUnsafe(chunkBytes);
      for (;;) {
        const count = readSync(file, buffer, 0, chunkBytes, this.#offset);
        if (count === 0) return;
        this.#offset += count;
        this.#rest = Buffer.concat([this.#rest, buffer.subarray(0, count)]);
        for (let at = this.#rest.indexOf(10); at >= 0; at = this.#rest.indexOf(10)) {
          const event = parseEvent(this.#rest.toString('utf8', 0, at));
          this.#rest = this.#rest.subarray(at + 1);
          if (event !== null) this.#take(event);
        }
      }
    } finally {
      closeSync(file);
    }
  }
}
