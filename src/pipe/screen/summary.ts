/** The end of a run: failures with equal ones together, causes before consequences, and one last line of numbers. */

import { bytesText, countText, durationText } from '../../lib/format.ts';
import type { CellId } from '../plan/graph.ts';
import type { CellProgress } from '../run/cell-progress.ts';
import { cachedOf, failedOf, notRunOf } from '../run/cell-state.ts';
import type { CellError, RunEvent } from '../run/event.ts';
import { type RunSettings, runCommand } from '../run/rerun.ts';
import type { RunState } from '../run/run-state.ts';
import { tellingLine } from '../run/telling-line.ts';
import type { Line } from './line.ts';
import { upToDateLine } from './up-to-date.ts';

/** Names shown of a group of equal failures; the others are counted. */
const shownNames = 4;
/** Stages shown of those whose results came from the remote. */
const shownStages = 8;

export function summaryLines(end: RunEvent & { type: 'run-finished' }, state: RunState): readonly Line[] {
  if (end.outcome === 'up-to-date') {
    return [upToDateLine(state.cells.size, end.savedMs)];
  }
  return [
    ...groups(
      state.failures.flatMap(({ error, ...cell }) => (error === null ? [] : [{ ...cell, error }])),
    ).flatMap((group) => groupLines(group, state)),
    ...exchangeLines(state),
    ...nextLines(end, state),
    lastLine(end),
  ];
}

/** What to do now, after a failure. */
function nextLines(end: RunEvent & { type: 'run-finished' }, state: RunState): readonly Line[] {
  if (end.outcome !== 'failed') return [];
  const command = runCommand(settingsOf(state), state.started?.targets ?? []);
  return [[`→ next  mend it, then ${command}: what is done stays done`]];
}

/** What came from the remote, by stage, and what went there. */
function exchangeLines(state: RunState): readonly Line[] {
  const stages = new Map<string, { cells: number; ms: number; from: string }>();
  for (const { stage, from, ms } of state.cells.values()) {
    if (from === null) continue;
    const taken = stages.get(stage) ?? { cells: 0, ms: 0, from };
    stages.set(stage, { from, cells: taken.cells + 1, ms: taken.ms + (ms ?? 0) });
  }
  const lines = [...stages].sort(([, a], [, b]) => b.ms - a.ms);
  const shown = lines.slice(0, lines.length > shownStages ? shownStages - 1 : shownStages);
  const rest = lines.slice(shown.length).map(([, taken]) => taken);
  const text = (what: string, { cells, ms, from }: { cells: number; ms: number; from: string }): Line => [
    { text: '↺ ', style: 'cyan' },
    `${what}: ${cells} restored from ${from}${ms >= 1000 ? `, ${durationText(ms)} saved` : ''}`,
  ];
  const sent = state.exchanged?.sent;
  return [
    ...shown.map(([stage, taken]) => text(stage, taken)),
    ...(rest.length === 0
      ? []
      : [
          text(`${rest.length} more stages`, {
            cells: rest.reduce((sum, { cells }) => sum + cells, 0),
            ms: rest.reduce((sum, { ms }) => sum + ms, 0),
            from: rest[0]?.from ?? '',
          }),
        ]),
    ...(sent && sent.results > 0
      ? [
          [
            { text: '↑ ', style: 'cyan' },
            `${countText(sent.results, 'result')} sent to ${state.exchanged?.remote}, ${bytesText(sent.bytes)}`,
          ] as Line,
        ]
      : []),
  ];
}

type CellFailure = Pick<CellProgress, 'cell' | 'stage' | 'log'> & { readonly error: CellError };

/** Failures of one stage with the same words are one fact. */
function groups(failures: readonly CellFailure[]): readonly (readonly CellFailure[])[] {
  const byText = new Map<string, CellFailure[]>();
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

function groupLines(group: readonly CellFailure[], state: RunState): readonly Line[] {
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
  lines.push([`    rerun  ${runCommand(settingsOf(state), [first.cell])}`]);
  const blocked = group.flatMap((failure) => state.blocked.get(failure.cell) ?? []);
  if (blocked.length > 0) lines.push([`    so ${names(blocked)} did not run`]);
  return lines;
}

function settingsOf({ started }: RunState): RunSettings {
  const { pipeline = 'pipeline.yaml', profile = null, set = [] } = started ?? {};
  return { pipeline, profile, set };
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
