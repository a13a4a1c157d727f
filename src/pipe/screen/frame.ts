/** The live region: at most twelve lines, a row a stage with a bar, below it the cells that run the longest. */

import { durationText, numberText } from '../../lib/format.ts';
import { cachedOf, failedOf, notRunOf } from '../run/cell-state.ts';
import type { Line, Piece } from './line.ts';
import { cut, pad, widthOf } from './line.ts';
import { downloadText } from './message.ts';
import { isOver, type RunningCell, type RunView, type StageView } from './view.ts';

const height = 12;
const shownCells = 4;
const barWidth = 20;
const nameWidth = 28;

/** `now`: milliseconds since the epoch. Never more than twelve lines, and never more than `rows - 1`. */
export function frame(view: RunView, now: number, rows: number): readonly Line[] {
  const room = Math.max(2, Math.min(height, rows - 1));
  const downloads = [...view.downloads]
    .slice(0, 2)
    .map(([source, { done, total }]): Line => [`  ${downloadText(source, done, total)}`]);
  // A source may be on its way before the run knows its cells.
  if (view.cells === 0) return downloads;
  const running = [...view.running.values()].sort((a, b) => a.since - b.since);
  const cellRoom = Math.min(
    shownCells,
    running.length,
    Math.max(0, Math.floor((room - 1 - downloads.length) / 2)),
  );
  const cellLines = cellRows(view, running, cellRoom, now);
  const stageLines = stageRows(view, room - 1 - downloads.length - cellLines.length);
  return [...stageLines, ...cellLines, ...downloads, totalLine(view, now)];
}

function stageRows(view: RunView, room: number): readonly Line[] {
  const all = [...view.stages.values()];
  const width = Math.min(nameWidth, Math.max(...all.map((stage) => widthOf(stage.name)), 0));
  if (all.length <= room) return all.map((stage) => stageRow(stage, width));
  if (room <= 0) return [];
  // What goes on or comes next is worth a row; what is over or far off is counted.
  const open = all.filter((stage) => !isOver(stage));
  const active = open.filter(
    (stage) => stage.counts.running > 0 || cachedOf(stage.counts) + stage.counts.done > 0,
  );
  const shown = new Set([...active, ...open].slice(0, room - 1));
  for (const stage of all) if (shown.size < room - 1) shown.add(stage);
  const hidden = all.filter((stage) => !shown.has(stage));
  const over = hidden.filter(isOver).length;
  const words = [
    ...(over > 0 ? [`${over} ended`] : []),
    ...(hidden.length > over ? [`${hidden.length - over} to come`] : []),
  ];
  return [
    ...all.filter((stage) => shown.has(stage)).map((stage) => stageRow(stage, width)),
    [{ text: `  ${hidden.length} more stages: ${words.join(', ')}`, style: 'dim' }],
  ];
}

function stageRow(stage: StageView, width: number): Line {
  const { counts } = stage;
  const failed = failedOf(counts);
  const had = counts.done + cachedOf(counts);
  const words: Piece[] = [];
  const say = (count: number, word: string, style: Piece['style']) => {
    if (count > 0 && style !== undefined) words.push({ text: `  ${count} ${word}`, style });
  };
  say(counts.running, 'running', 'cyan');
  say(cachedOf(counts), 'cached', 'dim');
  say(failed, 'failed', 'red');
  say(counts.blocked + counts.cancelled, 'not run', 'yellow');
  return [
    isOver(stage)
      ? failed + notRunOf(counts) > 0
        ? { text: '✗ ', style: 'red' }
        : { text: '✓ ', style: 'green' }
      : '  ',
    pad(cut(stage.name, width), width),
    ' ',
    ...bar(had / stage.cells, failed + counts.blocked > 0 ? 'red' : 'green'),
    ` ${had}/${stage.cells}`,
    ...words,
  ];
}

function cellRows(
  view: RunView,
  running: readonly RunningCell[],
  room: number,
  now: number,
): readonly Line[] {
  const more = running.length - room;
  const shown = running.slice(0, more > 0 ? room - 1 : room);
  const width = Math.min(nameWidth + 8, Math.max(...shown.map((one) => widthOf(one.cell)), 0));
  const lines = shown.map((one) => cellRow(view, one, width, now));
  if (more > 0 && room > 0) {
    lines.push([{ text: `  ▸ ${running.length - shown.length} more running`, style: 'dim' }]);
  }
  return lines;
}

function cellRow(view: RunView, running: RunningCell, width: number, now: number): Line {
  const { done, total, unit, metric, gpus } = running;
  const left = view.cellRemainingMs(running, now);
  const progress: Line =
    total > 0
      ? [
          ...bar(done / total, 'cyan'),
          ` ${numberText(done)}/${numberText(total)}${unit === '' ? '' : ` ${unit}`}`,
        ]
      : [];
  return [
    { text: '  ▸ ', style: 'cyan' },
    pad(cut(running.cell, width), width),
    ' ',
    ...progress,
    metric === null ? '' : `  ${metric.name} ${numberText(metric.value)}`,
    gpus.length === 0 ? '' : `  gpu ${gpus.join(',')}`,
    running.attempt > 1 ? { text: `  attempt ${running.attempt}`, style: 'yellow' } : '',
    {
      text: `  ${durationText(now - running.since)}${left === null ? '' : `, ${durationText(left)} left`}`,
      style: 'dim',
    },
  ];
}

function totalLine(view: RunView, now: number): Line {
  const left = view.stopping ? null : view.remainingMs(now);
  const failed = view.count('failed', 'dirty-inputs');
  return [
    { text: `  ${view.ended}/${view.cells} cells`, style: 'bold' },
    failed > 0 ? { text: `, ${failed} failed`, style: 'red' } : '',
    view.stopping ? { text: ', stopping', style: 'yellow' } : '',
    {
      text: ` · ${durationText(now - view.startedAt)}${left === null ? '' : `, about ${durationText(left)} left`}`,
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
