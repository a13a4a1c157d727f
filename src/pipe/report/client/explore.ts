/**
 * A figure's interaction, started by the first reader who asks for it: Vega runs as an inline script whose digest the
 * page's policy names, so neither eval nor scripts from elsewhere need to be allowed.
 */
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../lib/json.ts';
import { make } from './dom.ts';
import { canUnpack, heldFigure, unpack } from './held.ts';
import type { VegaView } from './vega-runtime.ts';

const runtime = document.getElementById('live-runtime');
const names: readonly string[] = JSON.parse(runtime?.dataset.names ?? '[]');

export function canExplore(name: string): boolean {
  return canUnpack && names.includes(name);
}

const views = new WeakMap<Element, VegaView>();

/** Puts Vega's view in the place of the picture, or the picture back. */
export async function explore(figure: HTMLElement, button: HTMLButtonElement): Promise<void> {
  const fit = figure.querySelector('.fit');
  const old = fit?.querySelector('.live');
  figure.classList.toggle('exploring', !old);
  button.textContent = old ? 'Explore' : 'Still';
  if (old) {
    views.get(old)?.finalize();
    old.remove();
    return;
  }
  const container = make('div', '', { class: 'live plot' });
  fit?.append(container);
  await start();
  const view = window.pipeVega(await liveSpec(figure.dataset.figure ?? ''), { container, hover: true });
  views.set(container, view);
  view.tooltip(() => {}); // the page describes marks itself
  await view.runAsync();
  figure.dispatchEvent(new CustomEvent('explored'));
}

let started: Promise<void> | undefined;

function start(): Promise<void> {
  started ??= unpack('live-runtime').then((script) => {
    document.body.append(make('script', script));
  });
  return started;
}

/** The compiled form; data that the specification holds too is taken from there (figure-data.ts). */
async function liveSpec(name: string): Promise<JsonObject> {
  const { live = {}, spec } = await heldFigure(name);
  const { data } = live;
  if (data === undefined || !isJsonArray(data)) return structuredClone(live);
  return structuredClone({ ...live, data: data.map((entry) => withValues(entry, spec)) });
}

function withValues(entry: Json, spec: JsonObject): Json {
  if (!isJsonObject(entry) || !isJsonObject(entry.values)) return entry;
  const { $from: path } = entry.values;
  return path !== undefined && isJsonArray(path) ? { ...entry, values: valueAt(spec, path) } : entry;
}

function valueAt(spec: JsonObject, path: readonly Json[]): Json {
  let at: Json = spec;
  for (const step of path) {
    const next: Json | undefined =
      isJsonArray(at) && typeof step === 'number'
        ? at[step]
        : isJsonObject(at) && typeof step === 'string'
          ? at[step]
          : undefined;
    if (next === undefined) throw new Error(`the specification has no ${path.join('.')}`);
    at = next;
  }
  return at;
}
