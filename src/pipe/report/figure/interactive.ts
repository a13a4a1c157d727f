/**
 * What a figure can do when a reader asks for it: zoom and pan where its axes are continuous, and pick out a colour by
 * its legend. Added to the specification here, compiled here; the page holds the compiled form and runs it on demand.
 */
import type { Json, JsonObject } from '../../../lib/json.ts';
import { isJsonArray, isJsonObject } from '../../../lib/json.ts';
import { figureConfig } from './figure-theme.ts';

const faded = 0.08;

/** What is added to a figure: zooming by dragging and the wheel, and picking out values of `pick` by the legend. */
interface Wish {
  readonly zoom: boolean;
  readonly pick: string | null;
}

/**
 * The compiled Vega specification with interaction, or null when the figure has nothing to interact with.
 * `ownWarnings` are what Vega-Lite says of the figure as it is.
 */
export async function interactiveSpec(
  spec: JsonObject,
  ownWarnings: readonly string[] = [],
): Promise<JsonObject | null> {
  const expected = new Set(ownWarnings);
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const plain: JsonObject = JSON.parse(JSON.stringify(spec));
  const field = colourField(plain);
  const wishes: readonly Wish[] = [
    ...(field === null ? [] : [{ zoom: true, pick: field }]),
    { zoom: true, pick: null },
    ...(field === null ? [] : [{ zoom: false, pick: field }]),
  ];
  for (const wish of wishes) {
    const compiled = compileQuietly(vegaLite, withInteraction(plain, wish, ''), expected);
    if (compiled !== null && parses(vega, compiled)) return compiled;
  }
  return null;
}

/** Selections belong to one view: to each view of a concatenation its own, in layers to the first of them. */
function withInteraction(spec: JsonObject, wish: Wish, suffix: string): JsonObject {
  for (const key of concatenations) {
    const list = spec[key];
    if (list !== undefined && isJsonArray(list))
      return {
        ...spec,
        [key]: list.map((item, i) =>
          isJsonObject(item) ? withInteraction(item, wish, `${suffix}_${i}`) : item,
        ),
      };
  }
  if (isJsonObject(spec.spec)) return { ...spec, spec: withInteraction(spec.spec, wish, suffix) };
  const picked = wish.pick === null ? spec : fadeOthers(spec, wish.pick, `pipe_pick${suffix}`);
  return inFirstView(picked, [
    ...(wish.zoom ? [{ name: `pipe_zoom${suffix}`, select: 'interval', bind: 'scales' }] : []),
    ...(wish.pick === null
      ? []
      : [{ name: `pipe_pick${suffix}`, select: { type: 'point', fields: [wish.pick] }, bind: 'legend' }]),
  ]);
}

function inFirstView(spec: JsonObject, params: readonly JsonObject[]): JsonObject {
  const { layer } = spec;
  if (layer !== undefined && isJsonArray(layer)) {
    const [first, ...rest] = layer;
    return isJsonObject(first) ? { ...spec, layer: [inFirstView(first, params), ...rest] } : spec;
  }
  const own = isJsonArray(spec.params ?? null) ? (spec.params as readonly Json[]) : [];
  return { ...spec, params: [...own, ...params] };
}

function parses(vega: typeof import('vega'), compiled: JsonObject): boolean {
  try {
    vega.parse(compiled as never);
    return true;
  } catch {
    return false;
  }
}

/** Vega-Lite warns where a selection does not fit (zooming bars by name): then it is not offered. */
function compileQuietly(
  vegaLite: typeof import('vega-lite'),
  spec: JsonObject,
  expected: ReadonlySet<string>,
): JsonObject | null {
  let warned = false;
  const logger = {
    level: () => logger,
    error: () => {
      warned = true;
      return logger;
    },
    warn: (...parts: readonly unknown[]) => {
      warned ||= !expected.has(parts.map(String).join(' '));
      return logger;
    },
    info: () => logger,
    debug: () => logger,
  };
  try {
    const compiled = vegaLite.compile(JSON.parse(JSON.stringify(spec)), {
      config: figureConfig as never,
      logger: logger as never,
    });
    return warned ? null : JSON.parse(JSON.stringify(compiled.spec));
  } catch {
    return null;
  }
}

/** The one named field that colours the whole figure and has a legend; null when there is none or several. */
function colourField(spec: JsonObject): string | null {
  const fields = new Set<string>();
  visitViews(spec, ({ encoding }) => {
    const color = isJsonObject(encoding) ? encoding.color : undefined;
    if (!isJsonObject(color) || typeof color.field !== 'string') return;
    if (color.legend !== null && (color.type === 'nominal' || color.type === 'ordinal'))
      fields.add(color.field);
  });
  const [only] = fields;
  return fields.size === 1 && only !== undefined ? only : null;
}

/** Marks of that colour field fade unless they are picked; a mark's own opacity is what they fade from. */
function fadeOthers(spec: JsonObject, field: string, param: string): JsonObject {
  return mapViews(spec, (view) => {
    const { encoding, mark } = view;
    if (!isJsonObject(encoding) || mark === undefined || encoding.opacity !== undefined) return view;
    const color = encoding.color;
    if (!isJsonObject(color) || color.field !== field) return view;
    const own = isJsonObject(mark) && typeof mark.opacity === 'number' ? mark.opacity : 1;
    const opacity = { condition: { param, value: own }, value: faded * own };
    return { ...view, encoding: { ...encoding, opacity } };
  });
}

const concatenations = ['hconcat', 'vconcat', 'concat'] as const;
const nests = ['layer', ...concatenations] as const;

function visitViews(spec: JsonObject, visit: (view: JsonObject) => void): void {
  mapViews(spec, (view) => {
    visit(view);
    return view;
  });
}

function mapViews(spec: JsonObject, change: (view: JsonObject) => JsonObject): JsonObject {
  const mapped: Record<string, Json> = { ...change(spec) };
  for (const key of nests) {
    const list = mapped[key];
    if (list !== undefined && isJsonArray(list))
      mapped[key] = list.map((item) => (isJsonObject(item) ? mapViews(item, change) : item));
  }
  if (isJsonObject(mapped.spec)) mapped.spec = mapViews(mapped.spec, change);
  return mapped;
}
