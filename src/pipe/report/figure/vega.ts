/**
 * A Vega-Lite specification drawn to SVG in Node, with the same bytes for the same specification on every machine.
 *
 * Vega does not do that by itself. Here: (1) its random numbers are seeded before each figure; (2) ids of clips and
 * gradients start anew and carry the figure's name, since two figures share one page; (3) text is measured with Arial's
 * widths, not guessed; (4) local time is UTC; (5) nothing is loaded: a url is an error, and every inline row must
 * have arrived; (6) rows that a mark cannot draw (null, NaN) are counted, never dropped in silence.
 */

import type { Json, JsonObject } from '../../../lib/json.ts';
import { isJsonArray, isJsonObject } from '../../../lib/json.ts';
import {
  countMarks,
  distinctRows,
  missing,
  rowsOf,
  type SceneNode,
  splitInvalidFilters,
  undefinedRows,
} from './drawn.ts';
import { figureConfig } from './figure-theme.ts';
import { type PageSvgOptions, pageSvg } from './page-svg.ts';
import { svgText } from './svg-element.ts';
import { svgTree } from './svg-renderer.ts';
import { textWidth } from './text-width.ts';

export interface RenderedFigure {
  readonly svg: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Marks drawn, axes and legends not counted. */
  readonly marks: number;
  /** What Vega-Lite and Vega said, each once. */
  readonly warnings: readonly string[];
  /** Rows of the figure's data that are not drawn because a value is null, NaN or infinite. */
  readonly notDrawn: number;
}

/** A figure that cannot be drawn as it should be, and what to do about it. */
export class FigureError extends Error {
  override readonly name = 'FigureError';
}

/** Above `many` marks a figure is better aggregated; above `most` it is refused. */
export const markLimits = { many: 2000, most: 20_000 } as const;

const seed = 20_201_009;
let queue: Promise<unknown> = Promise.resolve();

/**
 * Draws one specification (Vega-Lite 5 or 6, data inline). `name` becomes the prefix of ids in the SVG,
 * `label` what the picture is called.
 * Throws FigureError for a url, data that did not arrive, more than `markLimits.most` marks, or a specification
 * that does not compile.
 */
export function renderVegaLite(
  spec: JsonObject,
  { name, label = name }: { readonly name: string; readonly label?: string },
): Promise<RenderedFigure> {
  // One at a time: Vega's random generator, id counter and text metrics are global.
  const rendered = queue.then(() => render(spec, { name, label }));
  queue = rendered.catch(() => {});
  return rendered;
}

/** Versions and settings that decide what a figure looks like: part of the hash that rendered figures are kept under. */
export async function figureVersions(): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  return `vega ${vega.version}, vega-lite ${vegaLite.version}, drawing 3, ${JSON.stringify(figureConfig)}`;
}

/** Parts of Vega that its typings leave out. */
interface VegaGlobals {
  readonly textMetrics: { width: (item: TextItem, text: unknown) => number };
  setRandom(random: () => number): void;
  randomLCG(seed: number): () => number;
  resetSVGDefIds(): void;
}
interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: number | string;
  readonly limit?: number;
}
async function render(spec: JsonObject, called: PageSvgOptions): Promise<RenderedFigure> {
  forbidUrls(spec, '');
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  // The typings of vega leave these out; they are in its documented exports.
  const globals = vega as unknown as VegaGlobals;
  const warnings = new Set<string>();
  const logger = collectingLogger(warnings);

  const zone = process.env.TZ;
  process.env.TZ = 'UTC';
  globals.setRandom(globals.randomLCG(seed));
  globals.resetSVGDefIds();
  globals.textMetrics.width = arialWidth;
  try {
    const compiled = compileSpec(vegaLite, spec, logger);
    const watched = splitInvalidFilters(compiled);
    const view = new vega.View(vega.parse(watched.spec as never), {
      renderer: 'none',
      loader: refusingLoader,
      logger,
    });
    try {
      const tree = await svgTree(vega, view);
      for (const { name: dataset, rows } of watched.inline) {
        const arrived = rowsOf(view.data(dataset)).length;
        if (arrived !== rows)
          throw new FigureError(
            `data set '${dataset}' has ${rows} rows but ${arrived} arrived in the figure`,
          );
      }
      const scene = (view.scenegraph() as unknown as { root: SceneNode }).root;
      const marks = countMarks(scene);
      if (marks > markLimits.most)
        throw new FigureError(
          `${marks} marks are too many to draw (at most ${markLimits.most}): bin or aggregate the data in the stage that writes the figure`,
        );
      if (marks > markLimits.many)
        warnings.add(`${marks} marks: above ${markLimits.many} a figure is better binned or aggregated`);
      const lost = watched.filters.map(({ before, after }) =>
        missing(rowsOf(view.data(before)), rowsOf(view.data(after))),
      );
      return {
        svg: svgText(pageSvg(tree, called)),
        width: Math.ceil(Number(tree.attributes.get('width'))),
        height: Math.ceil(Number(tree.attributes.get('height'))),
        marks,
        warnings: [...warnings],
        notDrawn: distinctRows([...lost, undefinedRows(scene)]),
      };
    } finally {
      view.finalize();
    }
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
}

function compileSpec(
  vegaLite: typeof import('vega-lite'),
  spec: JsonObject,
  logger: ReturnType<typeof collectingLogger>,
): JsonObject {
  try {
    const plain = JSON.parse(JSON.stringify(spec));
    const compiled = vegaLite.compile(plain, { config: figureConfig as never, logger: logger as never });
    // Through JSON: what Vega gets is exactly what a file would hold.
    return JSON.parse(JSON.stringify(compiled.spec));
  } catch (error) {
    if (error instanceof FigureError) throw error;
    throw new FigureError(`the specification does not compile: ${(error as Error).message}`);
  }
}

/** A url anywhere in the data (or an image to fetch, or a link) makes the figure depend on what is not in it. */
function forbidUrls(value: Json, path: string): void {
  if (isJsonArray(value)) {
    for (const [i, item] of value.entries()) forbidUrls(item, `${path}[${i}]`);
  } else if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      const at = path === '' ? key : `${path}.${key}`;
      // Rows are data: a column may well be called url.
      if (key === 'values' || key === 'usermeta' || key === 'datasets') continue;
      if (key === 'url' && (typeof item === 'string' || isJsonObject(item)))
        throw new FigureError(`${at}: a figure may not load anything; put its data inline (data.values)`);
      if (key === 'href') throw new FigureError(`${at}: a figure may not link anywhere; take href out`);
      forbidUrls(item, at);
    }
  }
}

const refusingLoader = {
  load: (url: string) => Promise.reject(new FigureError(`a figure may not load anything: ${url}`)),
  sanitize: (url: string) => Promise.reject(new FigureError(`a figure may not link anywhere: ${url}`)),
  http: (url: string) => Promise.reject(new FigureError(`a figure may not load anything: ${url}`)),
  file: (path: string) => Promise.reject(new FigureError(`a figure may not load anything: ${path}`)),
} as never;

function arialWidth(item: TextItem, text: unknown): number {
  const line = text === null || text === undefined ? '' : String(text).trim();
  const weight = item.fontWeight;
  const width = textWidth(line, item.fontSize ?? 11, weight === 'bold' || Number(weight) >= 600);
  return item.limit !== undefined && item.limit > 0 ? Math.min(width, item.limit) : width;
}

function collectingLogger(warnings: Set<string>) {
  const logger = {
    level: () => logger,
    error: (...parts: readonly unknown[]) => {
      throw new FigureError(
        parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '),
      );
    },
    warn: (...parts: readonly unknown[]) => {
      warnings.add(parts.map(String).join(' '));
      return logger;
    },
    info: () => logger,
    debug: () => logger,
  };
  return logger;
}
