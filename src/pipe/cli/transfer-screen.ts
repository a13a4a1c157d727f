/** How far a transfer is: one line that is written over at a terminal, a line each tenth of a large one elsewhere. */
import { bytesText, percentText } from '../../lib/format.ts';
import type { Direction, Moved } from '../remote/tally.ts';

/** Bytes under way from which on a log has lines of it. */
const largeBytes = 64 * 1024 * 1024;
const eraseLine = '\r\x1b[K';

export interface TransferScreen {
  warn(text: string): void;
  moved(direction: Direction, moved: Moved): void;
  close(): void;
}

export function transferScreen(remote: string, stderr: NodeJS.WriteStream): TransferScreen {
  let tenth = -1;
  let drawn = false;
  const clear = () => {
    if (drawn) stderr.write(eraseLine);
    drawn = false;
  };
  return {
    warn: (text) => {
      clear();
      stderr.write(`! ${text}\n`);
    },
    moved: (direction, { bytes, expected }) => {
      const share = Math.min(1, bytes / Math.max(1, expected));
      const way = direction === 'down' ? 'taking from' : 'sending to';
      const text = `${way} ${remote}: ${bytesText(bytes)} of ${bytesText(expected)} (${percentText(share)})`;
      if (stderr.isTTY) {
        stderr.write(`${eraseLine}${text}`);
        drawn = true;
        return;
      }
      const now = Math.floor(10 * share);
      if (expected < largeBytes || now === tenth) return;
      tenth = now;
      stderr.write(`${text}\n`);
    },
    close: clear,
  };
}
