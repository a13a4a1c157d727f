/** `pipe compare A B`: two runs, git revisions or reports beside each other: what went in, and what came out. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { nearest } from '../../lib/diagnostics/suggest.ts';
import { countText } from '../../lib/format.ts';
import { printable } from '../../lib/printable.ts';
import { difference, type ResultsDifference } from '../history/difference.ts';
import { differenceMarkdown, differenceParts, sameText, sideText } from '../history/difference-text.ts';
import { findRun, theRun, wordsForRuns } from '../history/find-run.ts';
import type { Results } from '../history/results.ts';
import { layoutOf } from '../store/layout.ts';
import { shortened } from './cell-view.ts';
import {
  allFlag,
  type Command,
  type Invocation,
  jsonFlag,
  type Parsed,
  pipelineFlags,
  printJson,
  wholeNumber,
} from './command.ts';
import { planToday } from './plan-today.ts';
import { pipelineFile } from './project.ts';
import { columns } from './table.ts';

export const compareVerb: Command = {
  name: 'compare',
  summary: 'compare two runs, git revisions or reports: params, code, metrics, figures, cells',
  usage: 'A [B] [flags]\n       pipe compare A..B [flags]',
  flags: {
    ...pipelineFlags,
    ...allFlag,
    ...jsonFlag,
    markdown: { type: 'boolean', help: 'Print Markdown' },
    rows: { type: 'string', value: 'N', help: 'With --markdown: rows of a table at most (default: all)' },
    figures: {
      type: 'string',
      value: 'FOLDER',
      help: 'Write changed figures as SVG files there; --markdown shows them',
    },
    html: { type: 'string', value: 'FILE', help: 'Write a page too, with changed figures side by side' },
    check: { type: 'boolean', help: 'Exit with 1 when a metric became worse' },
  },
  examples: [
    ['pipe compare HEAD~1 HEAD', 'two revisions, from the cache: nothing is checked out, nothing runs'],
    ['pipe compare main..HEAD --markdown', 'what a branch changes, for a pull request'],
    ['pipe compare first-try latest', 'two runs, by name'],
    ['pipe compare before/report.json', 'a report with the newest run'],
    ['pipe compare HEAD~1 HEAD --html changed.html', 'with the figures that changed side by side'],
    ['pipe compare main..HEAD --markdown --figures changed > changed.md', 'the same for a file of Markdown'],
  ],
  async run(parsed, invocation) {
    const [from, to] = sides(parsed);
    const found = difference(
      await resultsOf(from, parsed, invocation),
      await resultsOf(to, parsed, invocation),
    );
    const rows = wholeNumber(parsed.text('rows'), 'rows', 1);
    const page = parsed.text('html');
    if (page !== null) await writePage(found, page, invocation);
    const folder = parsed.text('figures');
    const pictures = folder === null ? new Map() : await writePictures(found, folder, invocation);
    if (parsed.is('json')) printJson(invocation, asJson(found));
    else if (parsed.is('markdown'))
      invocation.stdout.write(differenceMarkdown(found, { rows: rows ?? undefined, pictures }));
    else invocation.stdout.write(printable(asText(found, parsed.is('all'))));
    const worse = found.metrics.some(({ verdict }) => verdict === 'worse');
    return parsed.is('check') && worse ? exitCode.failed : exitCode.ok;
  },
};

async function writePage(found: ResultsDifference, page: string, invocation: Invocation): Promise<void> {
  const { differencePage } = await import('../history/difference-page.ts');
  await writeFile(resolve(invocation.cwd, page), await differencePage(found, await drawings(invocation)));
  invocation.stderr.write(`${page} shows it\n`);
}

/** Paths as Markdown beside the folder names them. */
async function writePictures(
  { figures }: ResultsDifference,
  folder: string,
  invocation: Invocation,
): Promise<ReadonlyMap<string, { readonly before: string | null; readonly after: string | null }>> {
  const { writeFigureFiles } = await import('../history/difference-figures.ts');
  const files = await writeFigureFiles(figures, resolve(invocation.cwd, folder), await drawings(invocation));
  const path = (file: string | null) => (file === null ? null : `${folder.replace(/\/+$/, '')}/${file}`);
  return new Map(
    Array.from(files, ([name, { before, after }]) => [name, { before: path(before), after: path(after) }]),
  );
}

async function drawings({ project }: Invocation) {
  const { figureStore } = await import('../report/write.ts');
  return figureStore(join(layoutOf(project).index, 'figures'));
}

/** One word is compared with the newest run. @throws UserError (exit 2) */
function sides(parsed: Parsed): readonly [string, string] {
  const [first, second, ...more] = parsed.arguments;
  if (first === undefined || more.length > 0)
    throw new UserError('pipe compare needs one or two runs, revisions or reports', {
      code: exitCode.usage,
      hint: 'pipe compare HEAD~1 HEAD; `pipe runs` lists the runs',
    });
  if (second !== undefined) return [first, second];
  const at = first.indexOf('..');
  if (at < 0 || first.startsWith('.') || existsSync(first)) return [first, 'latest'];
  return [first.slice(0, at) || 'HEAD', first.slice(at + 2) || 'HEAD'];
}

/** A file of that name, else a run, else a revision. @throws UserError (exit 2) that names the nearest */
async function resultsOf(word: string, parsed: Parsed, invocation: Invocation): Promise<Results> {
  const { project, cwd, env } = invocation;
  const path = resolve(cwd, word);
  if (/\.(json|html)$/.test(word) && existsSync(path)) {
    const { resultsOfReport } = await import('../history/report-results.ts');
    return resultsOfReport(path, word);
  }
  const layout = layoutOf(project);
  const run = findRun(layout, word);
  if (run !== null) {
    const { recordedResults, resultsOfRun } = await import('../history/run-results.ts');
    const recorded = await recordedResults(run.folder, await planToday(invocation));
    if (recorded === null) throw new UserError(`run ${run.name} recorded nothing`);
    return resultsOfRun(layout, recorded);
  }
  const { commitOf } = await import('../history/revision-folder.ts');
  const commit = commitOf(project, word);
  if (commit === null) {
    if (word === 'latest') theRun(layout, word);
    const near = nearest(word, ['latest', ...wordsForRuns(layout)]);
    throw new UserError(`${word} is no run, no revision of this repository, and no report`, {
      code: exitCode.usage,
      hint: near === undefined ? '`pipe runs` lists the runs' : `did you mean \`${near}\`?`,
    });
  }
  const { resultsOfRevision } = await import('../history/revision-results.ts');
  const file = pipelineFile(parsed, invocation);
  const plan = { file, profile: parsed.text('profile'), set: parsed.texts('set') };
  return resultsOfRevision({ project, revision: word, commit, plan, env });
}

function asText(found: ResultsDifference, all: boolean): string {
  const { from, to } = found;
  const parts = differenceParts(found).map(({ title, header, rows }) => {
    const { shown, more } = shortened(rows, all);
    const rest = more > 0 ? `  ${countText(more, 'more row')}: add --all\n` : '';
    return `\n${title}\n${columns([header, ...shown].map(([first = '', ...others]) => [`  ${first}`, ...others]))}${rest}`;
  });
  const notes = [...from.notes, ...to.notes].map((note) => `! ${note}\n`);
  return [
    columns([
      ['before', sideText(from)],
      ['after', sideText(to)],
    ]),
    ...notes,
    ...(parts.length === 0 ? ['nothing differs\n'] : parts),
    `${sameText(found)}\n`,
  ].join('');
}

/** Figures by name alone: what is drawn stands in the page. */
function asJson({ figures, ...rest }: ResultsDifference) {
  return { ...rest, figures: figures.map(({ name, title, how }) => ({ name, title, how })) };
}
