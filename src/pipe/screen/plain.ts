/** The screen of a log file or a CI job: a line per change and no cursor codes; in a long run a line every tenth of it. */

import { countText, durationText } from '../../lib/format.ts';
import { reasonText } from '../key/reason-text.ts';
import { cachedOf } from '../run/cell-state.ts';
import type { RunEvent, Subscriber } from '../run/event.ts';
import { RunState } from '../run/run-state.ts';
import { type Line, paint } from './line.ts';
import { downloadText, messageLines, restoreText, transferText } from './message.ts';
import { remainingMs } from './remaining.ts';
import { summaryLines } from './summary.ts';

export interface PlainOptions {
  readonly write: (text: string) => unknown;
  readonly colour: boolean;
  /** `quiet`: failures and the last line. `verbose`: starts and messages of the stages as well. */
  readonly detail: 'quiet' | 'usual' | 'verbose';
  /** Put around the details of a failure, as CI systems want it. */
  readonly decorate?: (event: RunEvent, lines: readonly string[]) => readonly string[];
}

/** With more cells than this a line for each is noise. */
const manyCells = 100;
/** Bytes under way to or from a remote from which on lines report how far they are. */
const largeTransfer = 256 * 1024 * 1024;

export function plainScreen(options: PlainOptions): Subscriber {
  const screen = new PlainScreen(options);
  return (event) => screen.take(event);
}

class PlainScreen {
  readonly #options: PlainOptions;
  readonly #state = new RunState();
  #planned = false;
  #tenth = 0;
  #download = -1;
  #transferred = '';
  readonly #restored = new Map<string, number>();

  constructor(options: PlainOptions) {
    this.#options = options;
  }

  take(event: RunEvent): void {
    this.#state.take(event);
    if (event.type === 'run-finished') {
      this.#say(event, summaryLines(event, this.#state));
      return;
    }
    // The last lines name every failure again.
    if (this.#options.detail === 'quiet') return;
    if (
      !this.#planned &&
      event.type !== 'run-started' &&
      event.type !== 'cell-cached' &&
      event.type !== 'warning'
    ) {
      this.#planned = true;
      this.#say(event, [[planText(this.#state)]]);
    }
    this.#say(event, this.#changeLines(event));
    if (!this.#isChatter(event)) this.#say(event, messageLines(event, this.#state));
    this.#say(event, this.#pulse(event));
  }

  #say(event: RunEvent, lines: readonly Line[]): void {
    const { colour, decorate, write } = this.#options;
    const texts = lines.map((line) => paint(line, Number.POSITIVE_INFINITY, colour));
    const all = decorate?.(event, texts) ?? texts;
    if (all.length > 0) write(`${all.join('\n')}\n`);
  }

  #changeLines(event: RunEvent): readonly Line[] {
    const few = this.#state.cells.size <= manyCells || this.#options.detail === 'verbose';
    switch (event.type) {
      case 'cell-finished':
        return few ? [[`  ${event.cell} done in ${durationText(event.ms)}`]] : [];
      case 'cell-cached':
        return few && event.how === 'restored'
          ? [[`  ${event.cell} restored from ${event.from ?? 'the cache'}`]]
          : [];
      case 'cell-ready':
        return this.#options.detail === 'verbose'
          ? [[`  ${event.cell} must run: ${event.reasons.map(reasonText).join('; ')}`]]
          : [];
      case 'cell-started':
        return this.#options.detail === 'verbose' ? [[`  ${event.cell} started, log ${event.log}`]] : [];
      case 'cell-restoring': {
        const part = Math.floor((10 * event.files) / Math.max(1, event.totalFiles));
        if (this.#restored.get(event.cell) === part) return [];
        this.#restored.set(event.cell, part);
        return [[`  ${restoreText(event)}`]];
      }
      case 'remote-progress': {
        // What is over in a moment is not worth a line.
        const part = `${event.direction} ${Math.floor((10 * event.done) / Math.max(1, event.total))}`;
        if (event.total < largeTransfer || this.#transferred === part) return [];
        this.#transferred = part;
        return [[`  ${transferText(event)}`]];
      }
      case 'source-progress': {
        const part = event.total === null ? -1 : Math.floor((10 * event.done) / event.total);
        if (part === this.#download && part >= 0) return [];
        this.#download = part;
        return part < 0 ? [] : [[`  ${downloadText(event.source, event.done, event.total)}`]];
      }
      default:
        return [];
    }
  }

  /** What many cells say of themselves would bury the rest; `logs` keeps it. */
  #isChatter(event: RunEvent): boolean {
    const many = this.#state.cells.size > manyCells && this.#options.detail !== 'verbose';
    return event.type === 'cell-message' && event.level === 'info' && many;
  }

  #pulse(event: RunEvent): readonly Line[] {
    const now = Math.floor((10 * this.#state.ended) / Math.max(1, this.#state.cells.size));
    const moved =
      this.#state.cells.size > manyCells &&
      now > this.#tenth &&
      event.type.startsWith('cell-') &&
      this.#planned;
    this.#tenth = Math.max(this.#tenth, now);
    if (!moved && event.type !== 'heartbeat') return [];
    const left = remainingMs(this.#state, Date.parse(event.time));
    return [
      [
        `  ${this.#state.ended}/${this.#state.cells.size} cells, ${this.#state.running.size} running, ${durationText(Date.parse(event.time) - this.#state.startedAt)}`,
        left === null ? '' : `, about ${durationText(left)} left`,
      ],
    ];
  }
}

function planText(state: RunState): string {
  const cached = cachedOf(state.counts());
  const { pipeline = '', profile = null } = state.started ?? {};
  const under = profile === null ? '' : ` (profile ${profile})`;
  return `${pipeline}${under}: ${countText(state.cells.size, 'cell')} of ${countText(state.stages.size, 'stage')}, ${cached} up to date, ${state.cells.size - cached} to look at`;
}
