/**
 * The part of Vega that runs in a report when a reader asks for a figure's interaction: parser, view, the transforms that
 * Vega-Lite compiles to, and the expression interpreter, so that no policy must allow eval. Left out: geography, contours,
 * force layouts, trees, word clouds, loading of data.
 */
import { transforms } from 'vega-dataflow';
import * as encoding from 'vega-encode';
import { expressionInterpreter } from 'vega-interpreter';
import { parse } from 'vega-parser';
import * as data from 'vega-transforms';
import { View } from 'vega-view';
import * as layout from 'vega-view-transforms';
import type { JsonObject } from '../../../lib/json.ts';

/** Of Vega's view, what the page's script calls. */
export interface VegaView {
  finalize(): unknown;
  tooltip(show: () => void): unknown;
  runAsync(): Promise<unknown>;
}

declare global {
  interface Window {
    pipeVega: (
      spec: JsonObject,
      options: { readonly container: Element; readonly hover: boolean },
    ) => VegaView;
  }
}

Object.assign(transforms, data, layout, encoding);
const refuse = () => Promise.reject(new Error('a report loads nothing'));
const loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

window.pipeVega = (spec, options) =>
  new View(parse(spec, undefined, { ast: true }), {
    ...options,
    expr: expressionInterpreter,
    renderer: 'svg',
    loader,
  });
