/** Writes a report where people look for it, whole or not at all, and keeps drawn figures for the next one. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { replaceFile } from '../../lib/replace-file.ts';
import { layoutOf, reportFolder } from '../store/layout.ts';
import type { KeptFigure } from './figure/drawing.ts';
import type { FigureStore } from './figure/figure.ts';
import { junitXml } from './formats/junit.ts';
import { markdownReport } from './formats/markdown.ts';
import type { Baseline } from './model/baseline.ts';
import type { ReportInput } from './model/input.ts';
import { readRuntime } from './page/client-files.ts';
import { buildReport } from './page/page.ts';

export interface WrittenReport {
  /** Path of the page, relative to the project. */
  readonly page: string;
  readonly warnings: readonly string[];
  /** Those of the warnings that say what is wrong with a mark's file: they fail a run or a report under --strict. */
  readonly faults: readonly string[];
}

/**
 * Writes `index.html`, `report.json` and `junit.xml` into the pipeline's report folder of a project (absolute); in a
 * GitHub workflow the step summary too, and where `markdown` names a file that as Markdown.
 */
export async function writeReport(
  project: string,
  input: ReportInput,
  { baseline = null, markdown = null }: { baseline?: Baseline | null; markdown?: string | null } = {},
): Promise<WrittenReport> {
  const { html, json, warnings, faults } = await buildReport(input, {
    store: figureStore(join(layoutOf(project).index, 'figures')),
    runtime: await readRuntime(),
    baseline,
  });
  const shown = reportFolder(input.pipeline);
  const folder = join(project, shown);
  await mkdir(folder, { recursive: true });
  replaceFile(join(folder, 'report.json'), `${json}\n`);
  replaceFile(join(folder, 'junit.xml'), junitXml(input));
  // The page last: when it is new, what lies beside it is too.
  replaceFile(join(folder, 'index.html'), html);
  const summary = process.env.GITHUB_STEP_SUMMARY;
  if (summary !== undefined && summary !== '')
    await writeFile(summary, markdownReport(input, summaryRows), { flag: 'a' });
  if (markdown !== null) replaceFile(resolve(project, markdown), markdownReport(input));
  return { page: `${shown}/index.html`, warnings, faults };
}

/** A step summary holds 1 MiB. */
const summaryRows = 50;

/** Drawn figures as files by hash. A file that cannot be read counts as forgotten, one that cannot be written is let go. */
export function figureStore(folder: string): FigureStore {
  const file = (hash: string): string => join(folder, `${hash}.json`);
  return {
    async get(hash) {
      try {
        const kept: unknown = JSON.parse(await readFile(file(hash), 'utf8'));
        return isKept(kept) ? kept : null;
      } catch {
        return null;
      }
    },
    async put(hash, figure) {
      try {
        await mkdir(folder, { recursive: true });
        replaceFile(file(hash), JSON.stringify(figure));
      } catch {
        // An accelerator: a full disk or a read-only cache must not cost the report.
      }
    },
  };
}

function isKept(value: unknown): value is KeptFigure {
  if (typeof value !== 'object' || value === null || !('drawn' in value) || !('live' in value)) return false;
  const { drawn } = value;
  return (
    typeof drawn === 'object' &&
    drawn !== null &&
    'svg' in drawn &&
    typeof drawn.svg === 'string' &&
    drawn.svg.startsWith('<svg') &&
    'warnings' in drawn &&
    Array.isArray(drawn.warnings) &&
    'width' in drawn &&
    typeof drawn.width === 'number' &&
    'notDrawn' in drawn &&
    typeof drawn.notDrawn === 'number'
  );
}
