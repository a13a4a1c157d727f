// Builds the part of Vega that runs in a report when a reader asks for a figure's interaction: parser, view, the
// transforms that Vega-Lite compiles to, and the expression interpreter, so that no policy must allow eval.
// Left out: geography, contours, force layouts, trees, word clouds, loading of data.

import { build } from 'esbuild';

const entry = `
import { View } from 'vega-view';
import { parse } from 'vega-parser';
import { transforms } from 'vega-dataflow';
import * as data from 'vega-transforms';
import * as layout from 'vega-view-transforms';
import * as encoding from 'vega-encode';
import { expressionInterpreter } from 'vega-interpreter';
Object.assign(transforms, data, layout, encoding);
const refuse = () => Promise.reject(new Error('a report loads nothing'));
const loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };
globalThis.pipeVega = (spec, options) =>
  new View(parse(spec, null, { ast: true }), { ...options, expr: expressionInterpreter, renderer: 'svg', loader });
`;

// Vega's functions bring projections along for geoArea and its like; figures here have no maps.
const noGeography = {
  name: 'no-geography',
  setup(bundler) {
    bundler.onResolve(
      { filter: /^(d3-geo|d3-geo-projection|vega-projection|topojson-client|d3-dsv|d3-force|d3-hierarchy)$/ },
      ({ path }) => ({
        path,
        namespace: 'none',
      }),
    );
    bundler.onLoad({ filter: /.*/, namespace: 'none' }, () => ({
      contents: `
const none = () => { throw new Error('maps are not part of a report'); };
module.exports = new Proxy({}, { get: (_, name) => (name === '__esModule' ? true : none) });`,
      loader: 'js',
    }));
  },
};

/** Writes the runtime, one script that defines `pipeVega`. `root` is the folder that has node_modules. */
export async function buildVegaRuntime(root, outfile) {
  await build({
    stdin: { contents: entry, resolveDir: root, loader: 'js' },
    absWorkingDir: root,
    outfile,
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    banner: {
      js: '/* Vega 6 (BSD-3-Clause, University of Washington Interactive Data Lab) and D3 (ISC, Mike Bostock) */',
    },
    logLevel: 'warning',
    plugins: [noGeography],
  });
}
