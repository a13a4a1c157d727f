/** The figures that differ, drawn before and after: for the page, and as SVG files of their own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of } from '../../lib/sha256.ts';
import { type DrawnFigure, drawFigures, type FigureStore } from '../report/figure/figure.ts';
import type { ReportFigure } from '../report/model/input.ts';
import type { FigureChange } from './difference.ts';
import type { ResultFigure } from './results.ts';

export type FigureSide = 'before' | 'after';

/** By the figure's name; one that is absent on that side, or known without its specification, is not there. */
export async function drawSide(
  changes: readonly FigureChange[],
  side: FigureSide,
  store: FigureStore | null,
): Promise<ReadonlyMap<string, DrawnFigure>> {
  const figures = changes.flatMap((change) => {
    const figure = change[side];
    return figure === null || figure.spec === null ? [] : [asReportFigure(figure, figure.spec, side)];
  });
  const all = await drawFigures(figures, store);
  return new Map(all.map((one) => [one.figure.name, one]));
}

function asReportFigure(
  { name, meta, csv, cell }: ResultFigure,
  spec: NonNullable<ResultFigure['spec']>,
  side: FigureSide,
): ReportFigure {
  const called = { ...meta, title: `${meta.title}, ${side}` };
  return { name, meta: called, csv, spec, origin: { cell, out: '', key: null, stale: false, made: null } };
}

/** Names of files; null: there is no picture of that side. */
export interface FigureFiles {
  readonly before: string | null;
  readonly after: string | null;
}

/**
 * Writes each figure that differs into `folder` (absolute; made where it is missing). A name holds a digest of the picture,
 * so that a copy which something on the way keeps is never that of another.
 */
export async function writeFigureFiles(
  changes: readonly FigureChange[],
  folder: string,
  store: FigureStore | null,
): Promise<ReadonlyMap<string, FigureFiles>> {
  await mkdir(folder, { recursive: true });
  const [before, after] = [await drawSide(changes, 'before', store), await drawSide(changes, 'after', store)];
  const files = new Map<string, FigureFiles>();
  for (const { name } of changes)
    files.set(name, {
      before: await write(before.get(name), 'before'),
      after: await write(after.get(name), 'after'),
    });
  return files;

  async function write(one: DrawnFigure | undefined, side: FigureSide): Promise<string | null> {
    if (one === undefined || one.drawn === null) return null;
    const svg = ownFile(one.drawn.svg);
    const digest = sha256Of(svg).slice(0, 10);
    const plain = one.figure.name.replace(/[^\w-]+/g, '-').slice(0, 60);
    const file = `${plain}-${side}-${digest}.svg`;
    await writeFile(join(folder, file), svg);
    return file;
  }
}

/** A picture of a page as a file: it names its namespace, and is white, because its ink is dark wherever it is shown. */
function ownFile(svg: string): string {
  return svg.replace(
    /^<svg\b([^>]*)>/,
    '<svg xmlns="http://www.w3.org/2000/svg"$1><rect width="100%" height="100%" fill="#fff"/>',
  );
}
