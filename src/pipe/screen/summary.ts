/** The end of a run: failures with equal ones together, causes before consequences, and one last line of numbers. */

import { countText, durationText } from '../../lib/format.ts';
import type { CellId } from '../plan/graph.ts';
import { cachedOf, failedOf, notRunOf } from '../run/cell-state.ts';
import type { RunEvent } from '../run/event.ts';
import { runCommand } from '../run/rerun.ts';
import type { Line } from './line.ts';
import type { Failure, RunView } from './view.ts';

/** Names shown of a group of equal failures; the others are counted. */
const shownNames = 4;

export function summaryLines(end: RunEvent & { type: 'run-finished' }, view: RunView): readonly Line[] {
  if (end.outcome === 'up-to-date') {
    const saved = end.savedMs >= 1000 ? ` (${durationText(end.savedMs)} saved)` : '';
    return [[{ text: '✓ ', style: 'green' }, `up to date: ${countText(view.cells, 'cell')}${saved}`]];
  }
  return [...groups(view.failures).flatMap((group) => groupLines(group, view)), lastLine(end)];
}

/** Failures of one stage with the same words are one fact. */
function groups(failures: readonly Failure[]): readonly (readonly Failure[])[] {
  const byText = new Map<string, Failure[]>();
  for (const failure of failures) {
    const { kind, message, tail } = failure.error;
    const words = [message, tellingLine(tail) ?? ''].map((text) => text.replaceAll(failure.cell, ''));
    const key = JSON.stringify([failure.stage, kind, ...words]);
    const group = byText.get(key);
    if (group) group.push(failure);
    else byText.set(key, [failure]);
  }
  return [...byText.values()];
}

function groupLines(group: readonly Failure[], view: RunView): readonly Line[] {
  const [first] = group;
  if (!first) return [];
  const who = group.length === 1 ? first.cell : `${group.length} cells of ${first.stage}`;
  const last = tellingLine(first.error.tail);
  const lines: Line[] = [
    [
      { text: '✗ ', style: 'red' },
      { text: `${who} failed: `, style: 'bold' },
      first.error.message.split('\n')[0] ?? '',
    ],
  ];
  if (group.length > 1) lines.push([`    ${names(group.map((failure) => failure.cell))}`]);
  if (last !== undefined) lines.push([{ text: `    │ ${last}`, style: 'dim' }]);
  if (first.error.hint !== null) lines.push([`    → ${first.error.hint}`]);
  if (first.log !== null) lines.push([`    log    ${first.log}`]);
  lines.push([`    rerun  ${runCommand(view, [first.cell])}`]);
  const blocked = group.flatMap((failure) => view.blocked.get(failure.cell) ?? []);
  if (blocked.length > 0) lines.push([`    so ${names(blocked)} did not run`]);
  return lines;
}

/** The line of a log that says most: what was thrown, not where; else the last. */
function tellingLine(tail: readonly string[]): string | undefined {
  const lines = tail.filter((line) => line.trim() !== '' && !/^\s+at |^\s*[{}]?$|^Node\.js v/.test(line));
  return lines.findLast((line) => /^(\s*\w*(Error|Exception)\b|error\b)/i.test(line)) ?? lines.at(-1);
}

function names(list: readonly CellId[]): string {
  const shown = list.slice(0, shownNames).join(', ');
  return list.length > shownNames ? `${shown} and ${list.length - shownNames} more` : shown;
}

function lastLine(end: RunEvent & { type: 'run-finished' }): Line {
  const failed = failedOf(end.counts);
  const numbers = [
    `${end.counts.done} done`,
    `${cachedOf(end.counts)} cached`,
    `${failed} failed`,
    `${notRunOf(end.counts)} not run`,
  ].join(', ');
  const mark = { done: '✓', 'up-to-date': '✓', failed: '✗', interrupted: '■' }[end.outcome];
  const style = { done: 'green', 'up-to-date': 'green', failed: 'red', interrupted: 'yellow' } as const;
  return [
    { text: `${mark} `, style: style[end.outcome] },
    { text: numbers, style: 'bold' },
    ` · ${durationText(end.ms)}`,
    end.savedMs >= 1000 ? `, ${durationText(end.savedMs)} saved` : '',
    end.report === null ? '' : ` · ${end.report}`,
  ];
}
