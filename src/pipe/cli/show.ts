/** `pipe show RUN`: what one run did, what came out, and how to get it again. */
import { relative } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { countText, durationText, numberText, timeText } from '../../lib/format.ts';
import { printable } from '../../lib/printable.ts';
import { theRun } from '../history/find-run.ts';
import type { Results } from '../history/results.ts';
import { readLabels } from '../history/run-labels.ts';
import { recordedResults, resultsOfRun } from '../history/run-results.ts';
import { type RunRow, runRow } from '../history/run-row.ts';
import { runCommand } from '../run/rerun.ts';
import type { RunState } from '../run/run-state.ts';
import { layoutOf } from '../store/layout.ts';
import { shortened } from './cell-view.ts';
import { allFlag, type Command, jsonFlag, printJson } from './command.ts';
import { planToday } from './plan-today.ts';
import { columns } from './table.ts';

export const show: Command = {
  name: 'show',
  summary: 'show one run: what it did, what came out, how to get it again',
  usage: '[RUN] [flags]',
  flags: { ...allFlag, ...jsonFlag },
  examples: [
    ['pipe show', 'the newest run'],
    ['pipe show first-try', 'by its name or tag'],
    ['pipe show 20261124-1305 --json', 'by the beginning of its id, for scripts'],
  ],
  async run(parsed, invocation) {
    const { project, stdout } = invocation;
    const [text = 'latest', ...more] = parsed.arguments;
    if (more.length > 0)
      throw new UserError('pipe show takes one run', {
        code: exitCode.usage,
        hint: '`pipe compare A B` sets two beside each other',
      });
    const layout = layoutOf(project);
    const run = theRun(layout, text);
    const now = await planToday(invocation);
    const [row, recorded] = await Promise.all([runRow(layout, run, now), recordedResults(run.folder, now)]);
    if (row === null || recorded === null)
      throw new UserError(`run ${run.name} recorded nothing`, { hint: '`pipe runs` lists those that did' });
    const results = await resultsOfRun(layout, recorded);
    if (parsed.is('json')) {
      const { metrics, claims, params, cells, notes } = results;
      printJson(invocation, { ...row, ...readLabels(run.folder), params, cells, metrics, claims, notes });
      return exitCode.ok;
    }
    const all = parsed.is('all');
    const folder = relative(project, run.folder);
    stdout.write(
      printable(
        [
          head(row),
          stages(recorded.state),
          failures(recorded.state, all),
          metricLines(results, all),
          ...results.notes.map((note) => `! ${note}\n`),
          columns([
            ['again', runCommand(row, recorded.state.started?.targets ?? [])],
            ['record', folder],
          ]),
        ].join(''),
      ),
    );
    return exitCode.ok;
  },
};

function head(row: RunRow): string {
  const words = [
    ...(row.name === null ? [] : [row.name]),
    ...row.tags.map((tag) => `#${tag}`),
    ...(row.pinned ? ['pinned'] : []),
  ];
  return columns([
    ['run', [row.run, ...words].join(' ')],
    ['when', timeText(row.started)],
    [
      'of',
      [row.pipeline, ...(row.profile === null ? [] : [`profile ${row.profile}`]), ...row.set].join(' · '),
    ],
    ['revision', row.revision ?? 'not known'],
    [
      row.outcome,
      `${row.done} done, ${row.cached} cached, ${row.failed} failed, ${row.notRun} not run in ${durationText(row.ms)}${
        row.savedMs >= 1000 ? `, ${durationText(row.savedMs)} saved` : ''
      }`,
    ],
  ]);
}

function stages(state: RunState): string {
  return columns(
    Array.from(state.stages.values(), ({ name, cells, counts, took }) => [
      `  ${name}`,
      countText(cells, 'cell'),
      [
        ...(counts.done > 0 ? [`${counts.done} done`] : []),
        ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
      ].join(', '),
      took.length === 0 ? '' : durationText(took.reduce((sum, ms) => sum + ms, 0)),
    ]),
  );
}

function failures(state: RunState, all: boolean): string {
  const { shown, more } = shortened(state.failures, all);
  const rest = more > 0 ? `${countText(more, 'more failure')}: add --all\n` : '';
  return `${shown
    .map(
      ({ cell, error, log }) =>
        `✗ ${cell}: ${error?.message.split('\n')[0] ?? 'failed'}${log === null ? '' : ` (log: ${log})`}\n`,
    )
    .join('')}${rest}`;
}

function metricLines({ metrics }: Results, all: boolean): string {
  const { shown, more } = shortened(metrics, all);
  const lines = shown.map(({ cell, name, value, unit }) => [
    `· ${name}`,
    `${numberText(value)}${unit === null ? '' : ` ${unit}`}`,
    cell,
  ]);
  return `${columns(lines)}${more > 0 ? `${countText(more, 'more metric')}: add --all\n` : ''}`;
}
