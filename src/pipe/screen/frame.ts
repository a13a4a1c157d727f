/** The live region: at most twelve lines, a row per stage with a bar, below it the cells that run the longest. */

import { durationText, numberText } from '../../lib/format.ts';
import type { CellProgress } from '../run/cell-progress.ts';
import { cachedOf, failedOf, isOver, notRunOf } from '../run/cell-state.ts';
import type { RunState, StageProgress } from '../run/run-state.ts';
import type { Line, Piece } from './line.ts';
import { cut, pad, widthOf } from './line.ts';
import { downloadText, restoreText, transferText } from './message.ts';
import { cellRemainingMs, remainingMs } from './remaining.ts';

const height = 12;
const shownCells = 4;
const barWidth = 20;
const nameWidth = 28;

/** `now`: milliseconds since the epoch. Never more than twelve lines, and never more than `rows - 1`. */
export function frame(state: RunState, now: number, rows: number): readonly Line[] {
  const room = Math.max(2, Math.min(height, rows - 1));
  const transfers = [
    ...[...state.restoring.values()].map((one) => restoreText(one)),
    ...[...state.transfers.values()].map((one) => transferText(one)),
    ...[...state.downloads].map(([source, { done, total }]) => downloadText(source, done, total)),
  ]
    .slice(0, 2)
    .map((text): Line => [`  ${text}`]);
  // A source may be on its way before the run knows its cells.
  if (state.cells.size === 0) return transfers;
  const running = [...state.running.values()].sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
  const cellRoom = Math.min(
    shownCells,
    running.length,
    Math.max(0, Math.floor((room - 1 - transfers.length) / 2)),
  );
  const cellLines = cellRows(state, running, cellRoom, now);
  const stageLines = stageRows(state, room - 1 - transfers.length - cellLines.length);
  return [...stageLines, ...cellLines, ...transfers, totalLine(state, now)];
}

function stageRows(state: RunState, room: number): readonly Line[] {
  const all = [...state.stages.values()];
  const width = Math.min(nameWidth, Math.max(...all.map((stage) => widthOf(stage.name)), 0));
  if (all.length <= room) return all.map((stage) => stageRow(stage, width));
  if (room <= 0) return [];
  // What goes on or comes next is worth a row; what is over or far off is counted.
  const open = all.filter((stage) => !isOver(stage.counts));
  const active = open.filter(
    (stage) => stage.counts.running > 0 || cachedOf(stage.counts) + stage.counts.done > 0,
  );
  const shown = new Set([...active, ...open].slice(0, room - 1));
  for (const stage of all) if (shown.size < room - 1) shown.add(stage);
  const hidden = all.filter((stage) => !shown.has(stage));
  const over = hidden.filter((stage) => isOver(stage.counts)).length;
  const words = [
    ...(over > 0 ? [`${over} ended`] : []),
    ...(hidden.length > over ? [`${hidden.length - over} to come`] : []),
  ];
  return [
    ...all.filter((stage) => shown.has(stage)).map((stage) => stageRow(stage, width)),
    [{ text: `  ${hidden.length} more stages: ${words.join(', ')}`, style: 'dim' }],
  ];
}

function stageRow(stage: StageProgress, width: number): Line {
  const { counts } = stage;
  const failed = failedOf(counts);
  const inPlace = counts.done + cachedOf(counts);
  const words: Piece[] = [];
  const say = (count: number, word: string, style: Piece['style']) => {
    if (count > 0 && style !== undefined) words.push({ text: `  ${count} ${word}`, style });
  };
  say(counts.running, 'running', 'cyan');
  say(cachedOf(counts), 'cached', 'dim');
  say(failed, 'failed', 'red');
  say(counts.blocked + counts.cancelled, 'not run', 'yellow');
  return [
    isOver(stage.counts)
      ? failed + notRunOf(counts) > 0
        ? { text: '✗ ', style: 'red' }
        : { text: '✓ ', style: 'green' }
      : '  ',
    pad(cut(stage.name, width), width),
    ' ',
    ...bar(inPlace / stage.cells, failed + counts.blocked > 0 ? 'red' : 'green'),
    ` ${inPlace}/${stage.cells}`,
    ...words,
  ];
}

function cellRows(
  state: RunState,
  running: readonly CellProgress[],
  room: number,
  now: number,
): readonly Line[] {
  const more = running.length - room;
  const shown = running.slice(0, more > 0 ? room - 1 : room);
  const width = Math.min(nameWidth + 8, Math.max(...shown.map((one) => widthOf(one.cell)), 0));
  const lines = shown.map((one) => cellRow(state, one, width, now));
  if (more > 0 && room > 0) {
    lines.push([{ text: `  ▸ ${running.length - shown.length} more running`, style: 'dim' }]);
  }
  return lines;
}

function cellRow(state: RunState, running: CellProgress, width: number, now: number): Line {
  const { progress, gpus, lastMetric } = running;
  const left = cellRemainingMs(state, running, now);
  const metric = lastMetric === null ? undefined : running.metrics.get(lastMetric);
  const bars: Line =
    progress !== null && progress.total > 0
      ? [
          ...bar(progress.done / progress.total, 'cyan'),
          ` ${numberText(progress.done)}/${numberText(progress.total)}${progress.unit === '' ? '' : ` ${progress.unit}`}`,
        ]
      : [];
  return [
    { text: '  ▸ ', style: 'cyan' },
    pad(cut(running.cell, width), width),
    ' ',
    ...bars,
    metric === undefined ? '' : `  ${lastMetric} ${numberText(metric.last)}`,
    gpus.length === 0 ? '' : `  gpu ${gpus.join(',')}`,
    running.attempts > 1 ? { text: `  attempt ${running.attempts}`, style: 'yellow' } : '',
    {
      text: `  ${durationText(now - (running.startedAt ?? now))}${left === null ? '' : `, ${durationText(left)} left`}`,
      style: 'dim',
    },
  ];
}

function totalLine(state: RunState, now: number): Line {
  const left = state.stopping ? null : remainingMs(state, now);
  const failed = state.failed;
  return [
    { text: `  ${state.ended}/${state.cells.size} cells`, style: 'bold' },
    failed > 0 ? { text: `, ${failed} failed`, style: 'red' } : '',
    state.stopping ? { text: ', stopping', style: 'yellow' } : '',
    {
      text: ` · ${durationText(now - state.startedAt)}${left === null ? '' : `, about ${durationText(left)} left`}`,
      style: 'dim',
    },
  ];
}

function bar(share: number, style: NonNullable<Piece['style']>): readonly Piece[] {
  const full = Math.max(0, Math.min(barWidth, Math.floor(share * barWidth)));
  return [
    { text: '━'.repeat(full), style },
    { text: '─'.repeat(barWidth - full), style: 'dim' },
  ];
}
