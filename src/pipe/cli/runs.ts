/** `pipe runs`: every recorded run as a row, and what it is called. */
import { resolve } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { didYouMean } from '../../lib/diagnostics/suggest.ts';
import { countText, durationText, numberText, timeText } from '../../lib/format.ts';
import { findRun, theRun } from '../history/find-run.ts';
import { checkLabel, readLabels, writeName, writePin, writeTags } from '../history/run-labels.ts';
import { type RunRow, runRows } from '../history/run-row.ts';
import { layoutOf } from '../store/layout.ts';
import { shortened } from './cell-view.ts';
import { allFlag, type Command, type Invocation, jsonFlag, type Parsed, printJson } from './command.ts';
import { planToday } from './plan-today.ts';
import { columns } from './table.ts';

export const runs: Command = {
  name: 'runs',
  summary: 'list the recorded runs with their metrics; name, tag and pin them',
  usage: '[flags]\n       pipe runs name RUN NAME | tag RUN TAG… | untag RUN TAG… | pin RUN | unpin RUN',
  flags: {
    file: { type: 'string', value: 'FILE', help: 'Only runs of this pipeline file (default: all)' },
    profile: { type: 'string', value: 'NAME', help: 'Only runs of this profile' },
    metric: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      help: 'Show this metric (default: the first three of the newest run); repeatable',
    },
    sort: {
      type: 'string',
      value: 'COLUMN',
      help: 'By a metric (highest first), or started, time, cells, cached',
    },
    reverse: { type: 'boolean', short: 'r', help: 'The other way round' },
    csv: { type: 'boolean', help: 'Print every run and metric as CSV' },
    parquet: { type: 'string', value: 'FILE', help: 'Write every run and metric to a Parquet file' },
    ...allFlag,
    ...jsonFlag,
  },
  examples: [
    ['pipe runs', 'the newest runs, a line each'],
    ['pipe runs --sort accuracy', 'the best first'],
    ['pipe runs --metric loss --profile paper', 'one metric, of one profile'],
    ['pipe runs name latest first-try', 'from now on, `pipe show first-try`'],
    ['pipe runs tag 20261124-130501-3f9a camera-ready', '`pipe cache gc` spares what it used'],
    ['pipe runs --csv > runs.csv', 'for a spreadsheet'],
  ],
  async run(parsed, invocation) {
    const [action] = parsed.arguments;
    if (action !== undefined) return label(parsed, invocation);
    const { file, profile } = { file: parsed.text('file'), profile: parsed.text('profile') };
    const layout = layoutOf(invocation.project);
    const now = await planToday(invocation);
    const rows = (await runRows(layout, now)).filter(
      (row) => (file === null || row.pipeline === file) && (profile === null || row.profile === profile),
    );
    const parquet = parsed.text('parquet');
    if (parquet !== null) {
      const { writeParquet } = await import('../history/runs-table.ts');
      await writeParquet(resolve(invocation.cwd, parquet), rows);
      invocation.stdout.write(`${parquet} (${countText(rows.length, 'run')})\n`);
      return exitCode.ok;
    }
    if (parsed.is('csv')) {
      const { runsCsv } = await import('../history/runs-table.ts');
      invocation.stdout.write(runsCsv(rows));
      return exitCode.ok;
    }
    const ordered = sorted(rows, parsed.text('sort'), parsed.is('reverse'));
    if (parsed.is('json')) printJson(invocation, ordered);
    else print(ordered, parsed, invocation);
    return exitCode.ok;
  },
};

function label(parsed: Parsed, invocation: Invocation): number {
  const [action = '', run, ...words] = parsed.arguments;
  const actions = ['name', 'tag', 'untag', 'pin', 'unpin'];
  if (!actions.includes(action))
    throw new UserError(`pipe runs has no \`${action}\``, {
      code: exitCode.usage,
      hint: didYouMean(action, actions) ?? 'see `pipe runs --help`; `pipe show RUN` shows one run',
    });
  const counted = action === 'name' ? words.length === 1 : action.endsWith('tag') === words.length > 0;
  if (run === undefined || !counted)
    throw new UserError(
      `pipe runs ${action} needs ${action.endsWith('pin') ? 'a run' : 'a run and a word'}`,
      {
        code: exitCode.usage,
        hint: `pipe runs ${action} latest${action.endsWith('pin') ? '' : ' first-try'}`,
      },
    );
  const layout = layoutOf(invocation.project);
  const { name, folder } = theRun(layout, run);
  const labels = readLabels(folder);
  if (action === 'name') {
    const word = checkLabel(words[0] ?? '');
    const other = findRun(layout, word);
    if (other !== null && other.name !== name)
      throw new UserError(`run ${other.name} is called ${word} already`, {
        code: exitCode.usage,
        hint: 'take another name, or name that run anew first',
      });
    writeName(folder, word);
  } else if (action === 'tag') writeTags(folder, [...labels.tags, ...words.map(checkLabel)]);
  else if (action === 'untag')
    writeTags(
      folder,
      labels.tags.filter((tag) => !words.includes(tag)),
    );
  else writePin(folder, action === 'pin');
  const after = readLabels(folder);
  if (parsed.is('json')) printJson(invocation, { run: name, ...after });
  else invocation.stdout.write(`${name}${labelText(after)}\n`);
  return exitCode.ok;
}

function labelText({ name, tags, pinned }: ReturnType<typeof readLabels>): string {
  const words = [
    ...(name === null ? [] : [name]),
    ...tags.map((tag) => `#${tag}`),
    ...(pinned ? ['pinned'] : []),
  ];
  return words.length === 0 ? '' : ` ${words.join(' ')}`;
}

const columnsOfRuns: Readonly<Record<string, (row: RunRow) => number>> = {
  started: ({ started }) => Date.parse(started),
  time: ({ ms }) => ms,
  cells: ({ cells }) => cells,
  cached: ({ cached }) => cached,
  failed: ({ failed }) => failed,
};

/** Highest first; runs without the metric last. @throws UserError (exit 2) for a column that no run has */
function sorted(rows: readonly RunRow[], by: string | null, reverse: boolean): readonly RunRow[] {
  if (by === null) return reverse ? rows.toReversed() : rows;
  const own = columnsOfRuns[by];
  const metric = own === undefined ? metricName(rows, by) : null;
  const value = own ?? (({ metrics }: RunRow) => metrics[metric ?? '']);
  return rows.toSorted((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return reverse ? x - y : y - x;
  });
}

/** `stage.metric` for what was typed: that, or the metric alone where one stage has it. @throws UserError (exit 2) */
function metricName(rows: readonly RunRow[], text: string): string {
  const names = [...new Set(rows.flatMap(({ metrics }) => Object.keys(metrics)))];
  if (names.includes(text)) return text;
  const ends = names.filter((name) => name.slice(name.indexOf('.') + 1) === text);
  if (ends.length === 1) return ends[0]!;
  const short = names.map((name) => name.slice(name.indexOf('.') + 1));
  throw new UserError(
    ends.length === 0 ? `no run has a metric ${text}` : `several stages have a metric ${text}`,
    {
      code: exitCode.usage,
      hint:
        ends.length > 0
          ? `write ${ends.slice(0, 4).join(' or ')}`
          : (didYouMean(text, [...Object.keys(columnsOfRuns), ...short, ...names]) ??
            (names.length === 0
              ? 'a metric is a number of an out marked `report: metrics`'
              : `there is ${names.slice(0, 8).join(', ')}`)),
    },
  );
}

function print(rows: readonly RunRow[], parsed: Parsed, { stdout }: Invocation): void {
  if (rows.length === 0) {
    stdout.write('no run is recorded here: `pipe run` starts one\n');
    return;
  }
  const asked = parsed.texts('metric').map((text) => metricName(rows, text));
  const by = parsed.text('sort');
  const first = by === null || by in columnsOfRuns ? [] : [metricName(rows, by)];
  const shownMetrics =
    asked.length > 0
      ? [...new Set([...first, ...asked])]
      : [...new Set([...first, ...rows.flatMap(({ metrics }) => Object.keys(metrics))])].slice(0, 3);
  const { shown, more } = shortened(rows, parsed.is('all'));
  const header = [
    'run',
    'when',
    'revision',
    'profile',
    'outcome',
    'cells',
    'cached',
    'time',
    ...shownMetrics,
  ];
  stdout.write(columns([header, ...shown.map((row) => [...cellsOf(row), ...metricsOf(row, shownMetrics)])]));
  if (more > 0) stdout.write(`${countText(more, 'more run')}: pipe runs --all\n`);
}

function cellsOf(row: RunRow): readonly string[] {
  return [
    `${row.run}${labelText(row)}`,
    timeText(row.started).replace(' UTC', ''),
    row.revision ?? '–',
    [row.profile ?? '–', ...row.set].join(' '),
    row.failed > 0 ? `${row.failed} failed` : row.outcome,
    String(row.cells),
    String(row.cached),
    durationText(row.ms),
  ];
}

function metricsOf({ metrics }: RunRow, names: readonly string[]): readonly string[] {
  return names.map((name) => numberText(metrics[name] ?? null));
}
