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

export function liveScreen(options: LiveOptions): { readonly take: Subscriber; readonly close: () => void } {
  const { terminal, colour } = options;
  const now = options.now ?? Date.now;
  const later = options.later ?? ((action, ms) => setTimeout(action, ms).unref());
  const state = new RunState();
  let above: Line[] = [];
  /** Widths of the lines of the region as it stands on the screen. */
  let drawn: number[] = [];
  let hidden = false;
  let timer: NodeJS.Timeout | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;

  function draw(region: readonly Line[], end: boolean): void {
    const columns = Math.max(20, terminal.columns || 80);
    const lines = region.map((line) => paint(line, columns - 1, colour));
    let text = hidden ? '' : hideCursor;
    hidden = true;
    // A terminal that became narrower has wrapped the old lines: it is their rows that must be taken back.
    const rows = drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    if (rows > 0) text += `\x1b[${rows}A\r\x1b[0J`;
    for (const line of above) text += `${paint(line, Number.POSITIVE_INFINITY, colour)}\n`;
    for (const line of lines) text += `${line}\n`;
    if (end) text += showCursor;
    above = [];
    drawn = region.map((line) => widthOf(paint(line, columns - 1, false)));
    drawnAt = now();
    terminal.write(text);
  }

  function wake(ms: number): void {
    if (timer !== undefined) return;
    timer = later(() => {
      timer = undefined;
      draw(frame(state, now(), terminal.rows || 24), false);
      wake(tickMs);
    }, ms);
  }

  /** Takes the region away and gives the cursor back. */
  function end(): void {
    clearTimeout(timer);
    timer = undefined;
    if (hidden || above.length > 0) draw([], true);
    hidden = false;
  }

  function take(event: RunEvent): void {
    state.take(event);
    above.push(...messageLines(event, state));
    if (event.type === 'run-finished') {
      above.push(...summaryLines(event, state));
      end();
      return;
    }
    if (event.type === 'heartbeat') return;
    // Cached cells come in one burst before the first frame: a run that has nothing to do shows only its last line.
    if (event.type === 'cell-cached' && drawn.length === 0) return;
    if (event.type === 'run-started') return;
    const due = Math.max(0, frameMs - (now() - drawnAt));
    if (timer !== undefined) {
      clearTimeout(timer);
      timer = undefined;
    }
    wake(due);
  }

  return { take, close: end };
}
