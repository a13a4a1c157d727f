// How the engine is bundled: for the package, and for the tests of its commands.

/** What the package holds beside the program itself. */
const entries = {
  dispatch: 'src/pipe/cli/dispatch.ts',
  stage: 'src/pipe/stage.ts',
  report: 'src/pipe/report-format.ts',
  'stage-host': 'src/pipe/job/stage-host.ts',
  'job-runner': 'src/pipe/exec/queue/job-runner.ts',
  'figure-host': 'src/pipe/report/figure/figure-host.ts',
};

/** @satisfies {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  platform: /** @type {const} */ ('node'),
  target: 'node20',
  mainFields: ['module', 'main'], // a package's ES modules: a bundle cannot look into its UMD
  metafile: true,
};

/**
 * ES modules with shared chunks.
 * @type {import('esbuild').BuildOptions}
 */
export const modules = {
  ...common,
  splitting: true,
  format: 'esm',
  chunkNames: 'chunks/[name]-[hash]',
};

/**
 * @param {{ readonly root: string, readonly outdir: string, readonly version: string }} place
 * @param {Pick<import('esbuild').BuildOptions, 'packages' | 'external'>} outside which packages stay outside
 * @returns {readonly import('esbuild').BuildOptions[]}
 */
export function engineBundles({ root, outdir, version }, outside) {
  const define = { PIPE_VERSION: JSON.stringify(version) };
  return [
    { ...modules, ...outside, absWorkingDir: root, outdir, entryPoints: entries, define },
    {
      // What a run with nothing to do needs, in one CommonJS file: beyond an empty Node it takes less than two thirds
      // of what the same takes as ES modules in a dozen chunks (docs/performance.md). All else it loads from `dispatch.js`.
      ...common,
      absWorkingDir: root,
      outdir,
      entryPoints: { pipe: 'src/pipe/cli/main.ts' },
      outExtension: { '.js': '.cjs' },
      format: 'cjs',
      minify: true,
      define: { ...define, 'import.meta.url': 'urlOfThisFile' },
      banner: { js: 'const urlOfThisFile = require("node:url").pathToFileURL(__filename).href;' },
      plugins: [
        {
          name: 'dispatch-outside',
          setup: ({ onResolve }) => {
            onResolve({ filter: /\/dispatch\.ts$/ }, ({ kind }) =>
              kind === 'dynamic-import' ? { path: './dispatch.js', external: true } : null,
            );
          },
        },
      ],
    },
  ];
}
