/** The screen of a log file or a CI job: a line a change and no cursor codes; in a long run a line every tenth of it. */

import { countText, durationText } from '../../lib/format.ts';
import { reasonText } from '../key/reason-text.ts';
import { cachedOf } from '../run/cell-state.ts';
import type { RunEvent, Subscriber } from '../run/event.ts';
import { RunState } from '../run/run-state.ts';
import { type Line, paint } from './line.ts';
import { downloadText, messageLines, restoreText } from './message.ts';
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

export function plainScreen(options: PlainOptions): Subscriber {
  const state = new RunState();
  const decorate = options.decorate ?? ((_event, lines) => lines);
  let planned = false;
  let tenth = 0;
  let download = -1;
  const restored = new Map<string, number>();

  const say = (event: RunEvent, lines: readonly Line[]) => {
    const texts = lines.map((line) => paint(line, Number.POSITIVE_INFINITY, options.colour));
    const all = decorate(event, texts);
    if (all.length > 0) options.write(`${all.join('\n')}\n`);
  };

  return (event: RunEvent) => {
    state.take(event);
    if (event.type === 'run-finished') return say(event, summaryLines(event, state));
    // The last lines name every failure again.
    if (options.detail === 'quiet') return;
    if (
      !planned &&
      event.type !== 'run-started' &&
      event.type !== 'cell-cached' &&
      event.type !== 'warning'
    ) {
      planned = true;
      say(event, [[planText(state)]]);
    }
    say(event, changeLines(event));
    if (!isChatter(event)) say(event, messageLines(event, state));
    say(event, pulse(event));
  };

  function changeLines(event: RunEvent): readonly Line[] {
    const few = state.cells.size <= manyCells || options.detail === 'verbose';
    switch (event.type) {
      case 'cell-finished':
        return few ? [[`  ${event.cell} done in ${durationText(event.ms)}`]] : [];
      case 'cell-cached':
        return few && event.how === 'restored' ? [[`  ${event.cell} restored from the cache`]] : [];
      case 'cell-ready':
        return options.detail === 'verbose'
          ? [[`  ${event.cell} must run: ${event.reasons.map(reasonText).join('; ')}`]]
          : [];
      case 'cell-started':
        return options.detail === 'verbose' ? [[`  ${event.cell} started, log ${event.log}`]] : [];
      case 'cell-restoring': {
        const part = Math.floor((10 * event.files) / Math.max(1, event.totalFiles));
        if (restored.get(event.cell) === part) return [];
        restored.set(event.cell, part);
        return [[`  ${restoreText(event)}`]];
      }
      case 'source-progress': {
        const part = event.total === null ? -1 : Math.floor((10 * event.done) / event.total);
        if (part === download && part >= 0) return [];
        download = part;
        return part < 0 ? [] : [[`  ${downloadText(event.source, event.done, event.total)}`]];
      }
      default:
        return [];
    }
  }

  /** What many cells say of themselves would bury the rest; `logs` keeps it. */
  function isChatter(event: RunEvent): boolean {
    const many = state.cells.size > manyCells && options.detail !== 'verbose';
    return event.type === 'cell-message' && event.level === 'info' && many;
  }

  function pulse(event: RunEvent): readonly Line[] {
    const now = Math.floor((10 * state.ended) / Math.max(1, state.cells.size));
    const moved = state.cells.size > manyCells && now > tenth && event.type.startsWith('cell-') && planned;
    tenth = Math.max(tenth, now);
    if (!moved && event.type !== 'heartbeat') return [];
    const left = remainingMs(state, Date.parse(event.time));
    return [
      [
        `  ${state.ended}/${state.cells.size} cells, ${state.running.size} running, ${durationText(Date.parse(event.time) - state.startedAt)}`,
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
