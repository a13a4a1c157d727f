/** The screen of a log file or a CI job: a line a change and no cursor codes; in a long run a line every tenth of it. */

import { countText, durationText } from '../../lib/format.ts';
import { reasonText } from '../key/reason-text.ts';
import { cachedOf } from '../run/cell-state.ts';
import type { RunEvent, Subscriber } from '../run/event.ts';
import { type Line, paint } from './line.ts';
import { downloadText, messageLines } from './message.ts';
import { summaryLines } from './summary.ts';
import { RunView } from './view.ts';

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
  const view = new RunView();
  const decorate = options.decorate ?? ((_event, lines) => lines);
  let planned = false;
  let tenth = 0;
  let download = -1;

  const say = (event: RunEvent, lines: readonly Line[]) => {
    const texts = lines.map((line) => paint(line, Number.POSITIVE_INFINITY, options.colour));
    const all = decorate(event, texts);
    if (all.length > 0) options.write(`${all.join('\n')}\n`);
  };

  return (event: RunEvent) => {
    view.take(event);
    if (event.type === 'run-finished') return say(event, summaryLines(event, view));
    // The last lines name every failure again.
    if (options.detail === 'quiet') return;
    if (
      !planned &&
      event.type !== 'run-started' &&
      event.type !== 'cell-cached' &&
      event.type !== 'warning'
    ) {
      planned = true;
      say(event, [[planText(view)]]);
    }
    say(event, changeLines(event));
    say(event, messageLines(event, view));
    say(event, pulse(event));
  };

  function changeLines(event: RunEvent): readonly Line[] {
    const few = view.cells <= manyCells || options.detail === 'verbose';
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
      case 'cell-message':
        return options.detail === 'verbose' && event.level === 'info'
          ? [[`  ${event.cell}: ${event.text}`]]
          : [];
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

  function pulse(event: RunEvent): readonly Line[] {
    const now = Math.floor((10 * view.ended) / Math.max(1, view.cells));
    const moved = view.cells > manyCells && now > tenth && event.type.startsWith('cell-') && planned;
    tenth = Math.max(tenth, now);
    if (!moved && event.type !== 'heartbeat') return [];
    const left = view.remainingMs(Date.parse(event.time));
    return [
      [
        `  ${view.ended}/${view.cells} cells, ${view.running.size} running, ${durationText(Date.parse(event.time) - view.startedAt)}`,
        left === null ? '' : `, about ${durationText(left)} left`,
      ],
    ];
  }
}

function planText(view: RunView): string {
  const cached = [...view.stages.values()].reduce((sum, stage) => sum + cachedOf(stage.counts), 0);
  const profile = view.profile === null ? '' : ` (profile ${view.profile})`;
  return `${view.pipeline}${profile}: ${countText(view.cells, 'cell')} of ${countText(view.stages.size, 'stage')}, ${cached} up to date, ${view.cells - cached} to look at`;
}
