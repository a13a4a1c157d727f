/** Lines that every screen writes when something happens that a person should know: failures, retries, warnings, stages. */

import { bytesText, countText, durationText, numberText, percentText } from '../../lib/format.ts';
import { reasonText } from '../key/reason-text.ts';
import { cachedOf, failedOf, isOver, notRunOf } from '../run/cell-state.ts';
import type { RunEvent } from '../run/event.ts';
import type { RunState, StageProgress } from '../run/run-state.ts';
import type { Line } from './line.ts';

/** Lines of a failed stage's log shown at once; the whole log's path stands below. */
const shownTail = 8;

/** What an event is worth saying above the live region or in a plain log; empty: nothing. `state` has taken it already. */
export function messageLines(event: RunEvent, state: RunState): readonly Line[] {
  switch (event.type) {
    case 'cell-failed':
      return failureLines(event);
    case 'cell-retry':
      return [
        [
          { text: '↻ ', style: 'yellow' },
          `${event.cell}: ${event.error.message}; attempt ${event.attempt} in ${durationText(event.inMs)}`,
        ],
      ];
    case 'cell-waiting-lock':
      return [[{ text: '… ', style: 'yellow' }, `${event.cell} waits for ${event.holder}`]];
    case 'cell-message':
      return event.text
        .split('\n')
        .map(
          (text): Line => [
            event.level === 'warning' ? { text: '! ', style: 'yellow' } : { text: '· ', style: 'dim' },
            `${event.cell}: ${text}`,
          ],
        );
    case 'warning':
      return event.text.split('\n').map((text): Line => [{ text: '! ', style: 'yellow' }, text]);
    case 'run-stopping':
      if (event.why === 'edit')
        return [[{ text: '■ ', style: 'yellow' }, 'an edit: nothing new is started, then it runs again']];
      return event.why === 'signal'
        ? [
            [
              { text: '■ ', style: 'yellow' },
              'stopping: nothing new is started; again: end now; a third time: kill',
            ],
          ]
        : [];
    case 'cell-finished':
    case 'cell-not-run': {
      const stage = state.stageOf(event.cell);
      return stage && isOver(stage.counts) && stage.startedAt !== null
        ? [stageLine(stage, Math.max(Date.parse(event.time) - stage.startedAt, ...stage.took))]
        : [];
    }
    default:
      return [];
  }
}

function failureLines(event: RunEvent & { type: 'cell-failed' }): readonly Line[] {
  const { error } = event;
  const [first = '', ...more] = error.message.split('\n');
  return [
    [{ text: '✗ ', style: 'red' }, { text: `${event.cell} failed: `, style: 'bold' }, first],
    ...more.map((text): Line => [`  ${text}`]),
    ...error.tail.slice(-shownTail).map((text): Line => [{ text: `  │ ${text}`, style: 'dim' }]),
    ...(error.hint === null ? [] : [[`  → ${error.hint}`]]),
    ...(event.log === null ? [] : [[{ text: `  log: ${event.log}`, style: 'dim' } as const]]),
  ];
}

function stageLine(stage: StageProgress, ms: number): Line {
  const failed = failedOf(stage.counts);
  const parts = [
    [stage.counts.done, 'done'],
    [cachedOf(stage.counts), 'cached'],
    [failed, 'failed'],
    [notRunOf(stage.counts), 'not run'],
  ] as const;
  const words = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return [
    failed > 0
      ? { text: '✗ ', style: 'red' }
      : notRunOf(stage.counts) > 0
        ? { text: '■ ', style: 'yellow' }
        : { text: '✓ ', style: 'green' },
    `${stage.name}: ${words.join(', ')} in ${durationText(ms)}`,
  ];
}

export function restoreText(event: RunEvent & { readonly type: 'cell-restoring' }): string {
  const { cell, files, totalFiles, bytes, totalBytes, reasons } = event;
  const [why] = reasons;
  return `${cell}: putting back ${numberText(files)} of ${countText(totalFiles, 'file')}, ${bytesText(bytes)} of ${bytesText(totalBytes)}${why ? ` (${reasonText(why)})` : ''}`;
}

export function transferText(event: RunEvent & { readonly type: 'remote-progress' }): string {
  const { remote, direction, done, total } = event;
  const way = direction === 'down' ? 'taking from' : 'sending to';
  return `${way} ${remote}: ${bytesText(done)} of ${bytesText(total)} (${percentText(done / Math.max(1, total))})`;
}

export function downloadText(source: string, done: number, total: number | null): string {
  if (total === null) return `downloading ${source}: ${bytesText(done)}`;
  return `downloading ${source}: ${bytesText(done)} of ${bytesText(total)} (${percentText(done / total)})`;
}
