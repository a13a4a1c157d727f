/** The screen of a person at a terminal: a region of a few lines that is redrawn, and above it what is worth keeping. */
import type { RunEvent, Subscriber } from '../run/event.ts';
import { RunState } from '../run/run-state.ts';
import { frame } from './frame.ts';
import { type Line, paint, widthOf } from './line.ts';
import { messageLines } from './message.ts';
import { summaryLines } from './summary.ts';

const frameMs = 125;
/** Clocks and remaining times go on while nothing happens. */
const tickMs = 1000;
const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';

/** What a live screen needs of a terminal: tests give a virtual one. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

export interface LiveOptions {
  readonly terminal: Terminal;
  readonly colour: boolean;
  readonly now?: () => number;
  /** Calls back after so many milliseconds, once. */
  readonly later?: (action: () => void, ms: number) => NodeJS.Timeout;
}

export function liveScreen(options: LiveOptions): {
  readonly take: Subscriber;
  readonly close: () => void;
  readonly pause: () => () => void;
} {
  const screen = new LiveScreen(options);
  return { take: (event) => screen.take(event), close: () => screen.close(), pause: () => screen.pause() };
}

class LiveScreen {
  readonly #terminal: Terminal;
  readonly #colour: boolean;
  readonly #now: () => number;
  readonly #later: (action: () => void, ms: number) => NodeJS.Timeout;
  readonly #state = new RunState();
  #above: Line[] = [];
  /** Widths of the lines of the region as it stands on the screen. */
  #drawn: number[] = [];
  #hidden = false;
  #paused = false;
  #timer: NodeJS.Timeout | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor({ terminal, colour, now, later }: LiveOptions) {
    this.#terminal = terminal;
    this.#colour = colour;
    this.#now = now ?? Date.now;
    this.#later = later ?? ((action, ms) => setTimeout(action, ms).unref());
  }

  take(event: RunEvent): void {
    this.#state.take(event);
    this.#above.push(...messageLines(event, this.#state));
    if (event.type === 'run-finished') {
      this.#above.push(...summaryLines(event, this.#state));
      this.close();
      return;
    }
    if (event.type === 'heartbeat') return;
    // Cached cells come in one burst before the first frame: a run that has nothing to do shows only its last line.
    if (event.type === 'cell-cached' && this.#drawn.length === 0) return;
    if (event.type === 'run-started') return;
    this.#forgetTimer();
    this.#wake(Math.max(0, frameMs - (this.#now() - this.#drawnAt)));
  }

  /** Takes the region away and gives the cursor back. */
  close(): void {
    this.#forgetTimer();
    if (this.#hidden || this.#above.length > 0) this.#draw([], true);
    this.#hidden = false;
  }

  pause(): () => void {
    this.close();
    this.#paused = true;
    return () => {
      this.#paused = false;
      this.#wake(0);
    };
  }

  #draw(region: readonly Line[], end: boolean): void {
    const columns = Math.max(20, this.#terminal.columns || 80);
    const lines = region.map((line) => paint(line, columns - 1, this.#colour));
    let text = this.#hidden ? '' : hideCursor;
    this.#hidden = true;
    // A terminal that became narrower has wrapped the old lines: it is their rows that must be taken back.
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    if (rows > 0) text += `\x1b[${rows}A\r\x1b[0J`;
    for (const line of this.#above) text += `${paint(line, Number.POSITIVE_INFINITY, this.#colour)}\n`;
    for (const line of lines) text += `${line}\n`;
    if (end) text += showCursor;
    this.#above = [];
    this.#drawn = region.map((line) => widthOf(paint(line, columns - 1, false)));
    this.#drawnAt = this.#now();
    this.#terminal.write(text);
  }

  #wake(ms: number): void {
    if (this.#paused) return;
    this.#timer ??= this.#later(() => {
      this.#timer = undefined;
      this.#draw(frame(this.#state, this.#now(), this.#terminal.rows || 24), false);
      this.#wake(tickMs);
    }, ms);
  }

  #forgetTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
