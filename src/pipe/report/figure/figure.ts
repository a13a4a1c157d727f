/** The report's figures drawn, with rendered ones kept by the hash of specification and versions. */
import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject } from '../../../lib/json.ts';
import type { ReportFigure } from '../model/input.ts';
import type { KeptFigure } from './drawing.ts';
import { DrawingProcess, type DrawLimits } from './drawing-process.ts';
import { figureVersions, type RenderedFigure } from './vega.ts';

export interface DrawnFigure {
  readonly figure: ReportFigure;
  /** Null when it cannot be drawn; then `error` says why. */
  readonly drawn: RenderedFigure | null;
  readonly error: string | null;
  /** Compiled with interaction; null when there is nothing to interact with. */
  readonly live: JsonObject | null;
}

/** Where rendered figures are kept between reports. An accelerator: it may forget. */
export interface FigureStore {
  get(hash: string): Promise<KeptFigure | null>;
  put(hash: string, figure: KeptFigure): Promise<void>;
}

/** Draws every figure, in the order the page shows them: by `order`, then by name. */
export async function drawFigures(
  figures: readonly ReportFigure[],
  store: FigureStore | null,
  limits?: DrawLimits,
): Promise<readonly DrawnFigure[]> {
  if (figures.length === 0) return [];
  const versions = await figureVersions();
  const sorted = [...figures].sort(
    (a, b) => a.meta.order - b.meta.order || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  const drawing = new DrawingProcess(limits);
  try {
    const drawn: DrawnFigure[] = [];
    for (const figure of sorted) drawn.push(await draw(figure, { versions, store, drawing }));
    return drawn;
  } finally {
    drawing.close();
  }
}

async function draw(
  figure: ReportFigure,
  { versions, store, drawing }: { versions: string; store: FigureStore | null; drawing: DrawingProcess },
): Promise<DrawnFigure> {
  const hash = createHash('sha256')
    .update(`${versions}\n${figure.name}\n${figure.meta.title}\n${canonicalJson(figure.spec)}`)
    .digest('hex');
  const kept = await store?.get(hash);
  if (kept) return { figure, ...kept, error: null };
  try {
    const fresh = await drawing.draw({ name: figure.name, label: figure.meta.title, spec: figure.spec });
    await store?.put(hash, fresh);
    return { figure, ...fresh, error: null };
  } catch (error) {
    return { figure, drawn: null, live: null, error: error instanceof Error ? error.message : String(error) };
  }
}
