// Builds what a report takes along for the browser: its script, its style sheet, and Vega for its figures' interaction.

import { join } from 'node:path';
import { build } from 'esbuild';

const sources = 'src/pipe/report/client';

/** @type {import('esbuild').BuildOptions} */
const forBrowsers = {
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
};

/**
 * Writes report-page.js, live-page.js and report-page.css.
 * @param {string} root the checkout
 * @param {string} outdir
 */
export async function buildPage(root, outdir) {
  await build({
    ...forBrowsers,
    absWorkingDir: root,
    entryPoints: { 'report-page': `${sources}/page.ts`, 'live-page': `${sources}/live.ts` },
    outdir,
    format: 'iife',
  });
  await build({
    ...forBrowsers,
    absWorkingDir: root,
    entryPoints: { 'report-page': `${sources}/page.css` },
    outdir,
  });
}

// Vega's functions bring projections along for geoArea and its like; figures here have no maps.
/** @type {import('esbuild').Plugin} */
const noGeography = {
  name: 'no-geography',
  setup(bundler) {
    bundler.onResolve(
      { filter: /^(d3-geo|d3-geo-projection|vega-projection|topojson-client|d3-dsv|d3-force|d3-hierarchy)$/ },
      () => ({ path: join(bundler.initialOptions.absWorkingDir ?? '.', 'scripts/client/no-geography.cjs') }),
    );
  },
};

/**
 * Writes vega-runtime.js, which defines `pipeVega`.
 * @param {string} root the checkout
 * @param {string} outdir
 */
export async function buildVegaRuntime(root, outdir) {
  await build({
    ...forBrowsers,
    absWorkingDir: root,
    entryPoints: { 'vega-runtime': `${sources}/vega-runtime.ts` },
    outdir,
    format: 'iife',
    banner: {
      js: '/* Vega 6 (BSD-3-Clause, University of Washington Interactive Data Lab) and D3 (ISC, Mike Bostock) */',
    },
    plugins: [noGeography],
  });
}
