/** The parts of the live page as HTML, each made anew from the run's state: the page replaces those that changed. */
import { bytesText, countText, durationText, numberText, percentText, timeText } from '../../lib/format.ts';
import { type Html, html } from '../../lib/html.ts';
import type { ReportCell } from '../report/model/input.ts';
import { type Badge, stateLooks } from '../report/model/state.ts';
import { shortRevision } from '../report/model/verdict.ts';
import { badge } from '../report/page/badge.ts';
import { failureBoxes } from '../report/page/section/failures.ts';
import type { CellProgress } from '../run/cell-progress.ts';
import { cachedOf, failedOf } from '../run/cell-state.ts';
import type { RunState, StageProgress } from '../run/run-state.ts';
import { cellRemainingMs, remainingMs } from '../screen/remaining.ts';
import { curveGroup } from './curve-groups.ts';
import { sparkline } from './curve-picture.ts';
import type { LiveRun } from './live-run.ts';

/** Cells shown of those at work, and pictures of metrics: what is beyond is counted. */
const shownRunning = 24;
const shownPictures = 6;
const barWidth = 240;

export type PartName = 'head' | 'failures' | 'stages' | 'running' | 'curves';

/** In the page's order. `now`: milliseconds since the epoch. */
export function liveParts(run: LiveRun | null, now: number): Readonly<Record<PartName, Html>> {
  if (run?.state.started == null) {
    const waiting = html`<p class="note">No run is recorded here yet. This page shows one as soon as it begins.</p>`;
    const none = html``;
    return { head: waiting, failures: none, stages: none, running: none, curves: none };
  }
  return {
    head: head(run.state, now),
    failures: failures(run.state),
    stages: stages(run.state),
    running: running(run, now),
    curves: curves(run),
  };
}

function head(state: RunState, now: number): Html {
  const { started, finished } = state;
  const counts = state.counts();
  const failed = failedOf(counts);
  const [look, words] = verdictOf(state, failed);
  const left = finished === null ? remainingMs(state, now) : null;
  const facts = [
    started === null ? '' : timeText(started.time),
    `run ${started?.run ?? ''}`,
    ...(started?.profile == null ? [] : [`profile ${started.profile}`]),
    ...(started?.revision == null ? [] : [`revision ${shortRevision(started.revision)}`]),
    `${finished === null ? 'for' : 'took'} ${durationText(finished?.ms ?? Math.max(0, now - state.startedAt))}`,
    `${counts.done} ran, ${cachedOf(counts)} cached, ${failed} failed`,
    ...(left === null ? [] : [`about ${durationText(left)} left`]),
  ];
  return html`<p class="verdict">${badge(look, words)}${state.stopping && finished === null ? badge(stateLooks.cancelled, 'stopping') : null}</p>
<p class="facts">${facts.map((fact, i) => html`${i > 0 ? html` <span aria-hidden="true">·</span> ` : null}<span>${fact}</span>`)}</p>
${finished?.report == null ? null : html`<p><a href="report">The report of this run</a></p>`}${state.warnings.slice(-3).map((text) => html`<p class="short">${text}</p>`)}`;
}

function verdictOf(state: RunState, failed: number): readonly [Badge, string] {
  const { finished, ended, cells } = state;
  const share = `${ended} of ${countText(cells.size, 'cell')}`;
  if (finished === null) {
    const words = failed > 0 ? `Running, ${failed} failed: ${share}` : `Running: ${share}`;
    return [failed > 0 ? stateLooks.failed : stateLooks.running, words];
  }
  if (finished.outcome === 'failed') return [stateLooks.failed, `${failed} failed: ${share} ended`];
  if (finished.outcome === 'interrupted') return [stateLooks.cancelled, `Interrupted: ${share} ended`];
  return [stateLooks.done, `Complete: ${countText(cells.size, 'cell')}`];
}

/** As the report shows them. */
function failures(state: RunState): Html {
  const { started } = state;
  if (started === null || state.failures.length === 0) return html``;
  const blocked = [...state.blocked.values()].flat().flatMap((id) => state.cells.get(id) ?? []);
  const cells = [...state.failures, ...blocked].map(asReportCell);
  const { pipeline, profile, set = [] } = started;
  return html`<h2>Failures</h2>${failureBoxes({ cells, pipeline, profile, set })}`;
}

function asReportCell(cell: CellProgress): ReportCell {
  const {
    stage,
    state,
    ms,
    gpus,
    attempts,
    key,
    from,
    reasons,
    outBytes,
    error,
    log,
    cause,
    peakBytes,
    cpuMs,
  } = cell;
  return {
    ...{ id: cell.cell, stage, state, ms, gpus, attempts, key, from, reasons, outBytes, error, log, cause },
    ...{ peakBytes, cpuMs, axes: {}, startedMs: null, endedMs: null, metrics: {}, warnings: [] },
  };
}

function stages(state: RunState): Html {
  return html`<h2>Stages</h2><div class="scroll" tabindex="0" role="region" aria-label="Stages"><table><thead><tr><th scope="col">Stage</th><th scope="col">Progress</th><th scope="col" class="num">Ended</th><th scope="col">Cells</th><th scope="col" class="num">Mean time</th></tr></thead><tbody>${[
    ...state.stages.values(),
  ].map(stageRow)}</tbody></table></div>`;
}

function stageRow({ name, cells, counts, took }: StageProgress): Html {
  const ended = cells - counts.waiting - counts.running;
  const mean = took.length === 0 ? null : took.reduce((sum, ms) => sum + ms, 0) / took.length;
  const words = Object.entries(counts).flatMap(([state, count]) =>
    count > 0 ? [`${count} ${stateLooks[state as keyof typeof counts].word}`] : [],
  );
  return html`<tr><th scope="row">${name}</th><td>${bar(counts, cells)}</td><td class="num">${percentText(cells === 0 ? 1 : ended / cells)}</td><td>${words.join(', ')}</td><td class="num">${durationText(mean)}</td></tr>`;
}

/** A strip whose parts are the states' shares; the words beside it say the same. */
function bar(counts: StageProgress['counts'], cells: number): Html {
  let x = 0;
  const parts = (Object.keys(stateLooks) as (keyof typeof stateLooks)[]).map((state) => {
    const count = state === 'outdated' || state === 'waiting' ? 0 : counts[state];
    if (count === 0) return null;
    const width = (barWidth * count) / cells;
    const part = html`<rect class="bar ${stateLooks[state].tone}" x="${x.toFixed(1)}" width="${width.toFixed(1)}" height="12"/>`;
    x += width;
    return part;
  });
  return html`<svg class="progress" viewBox="0 0 ${barWidth} 12" width="${barWidth}" height="12" aria-hidden="true">${parts}</svg>`;
}

function running(run: LiveRun, now: number): Html {
  const { state } = run;
  const all = [...state.running.values()];
  const queued = [...state.cells.values()].filter(
    (cell) => cell.queuedIn !== null && cell.state === 'waiting',
  );
  if (all.length === 0 && queued.length === 0) return html``;
  const more = all.length - shownRunning;
  return html`<h2>At work</h2><div class="scroll" tabindex="0" role="region" aria-label="Cells at work"><table><thead><tr><th scope="col">Cell</th><th scope="col" class="num">For</th><th scope="col" class="num">Left</th><th scope="col">Progress</th><th scope="col">Last metric</th><th scope="col">Course</th><th scope="col" class="num">Memory</th><th scope="col">GPUs</th><th scope="col">Log</th></tr></thead><tbody>${all.slice(0, shownRunning).map((cell) => runningRow(run, cell, now))}</tbody></table></div>${more > 0 ? html`<p class="note">and ${countText(more, 'more cell')}.</p>` : null}${queued.length > 0 ? html`<p class="note">${countText(queued.length, 'cell')} in queues.</p>` : null}`;
}

function runningRow(run: LiveRun, cell: CellProgress, now: number): Html {
  const { progress, lastMetric } = cell;
  const last = lastMetric === null ? undefined : cell.metrics.get(lastMetric);
  const curve = lastMetric === null ? null : run.curves.of(cell.cell, lastMetric);
  return html`<tr><th scope="row"><code>${cell.cell}</code>${cell.attempts > 1 ? html` <span class="quiet">attempt ${cell.attempts}</span>` : null}</th><td class="num">${durationText(Math.max(0, now - (cell.startedAt ?? now)))}</td><td class="num">${durationText(cellRemainingMs(run.state, cell, now))}</td><td>${progress === null ? null : `${numberText(progress.done)} of ${numberText(progress.total)} ${progress.unit}`}</td><td>${last === undefined ? null : html`${lastMetric} <b>${numberText(last.last)}</b>`}</td><td>${curve === null ? null : sparkline(curve)}</td><td class="num">${bytesText(run.bytesOf(cell.cell))}</td><td>${cell.gpus.join(', ')}</td><td>${cell.log === null ? null : html`<button type="button" data-log="${cell.cell}" data-key="log ${cell.cell}" hidden>Follow<span class="away"> the log of ${cell.cell}</span></button>`}</td></tr>`;
}

function curves(run: LiveRun): Html {
  const groups = run.curves.groups();
  if (groups.length === 0) return html``;
  const more = groups.length - shownPictures;
  return html`<h2>Metrics by step</h2><div class="pictures">${groups
    .slice(0, shownPictures)
    .map((group) =>
      curveGroup(group, (cell) => run.axesOf(cell)),
    )}</div>${more > 0 ? html`<p class="note">${countText(more, 'more metric')} in the report.</p>` : null}`;
}
