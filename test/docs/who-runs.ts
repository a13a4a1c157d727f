/** Which test runs the blocks of a page, and which blocks nothing runs, each with the reason. */

/** All blocks of these pages are run, read by their schema, or made, by another test, which names the page. */
export const runElsewhere: Readonly<Record<string, string>> = {
  'docs/tutorial.md': 'test/tutorial.test.ts',
  'docs/how-to/from-dvc.md': 'test/compare/pages.test.ts',
  'docs/how-to/from-snakemake.md': 'test/compare/pages.test.ts',
  // Where there is a queue: `npm run test:slurm`.
  'docs/how-to/slurm.md': 'test/slurm/slurm.test.ts',
  'docs/how-to/own-images.md': 'test/study/own-data.test.ts',
  'docs/reference/commands.md': 'test/pipe/reference/reference.test.ts',
  'docs/reference/diagnostics.md': 'test/pipe/reference/reference.test.ts',
  'docs/reference/job-file.md': 'test/pipe/reference/examples.test.ts',
  'docs/reference/report-marks.md': 'test/pipe/reference/examples.test.ts',
  'docs/reference/stage-api.md': 'test/pipe/reference/examples.test.ts',
};

/** By page and the beginning of the block's first line. A reason names what is missing, or the test that has the like. */
export const notRun: readonly (readonly [page: string, begins: string, why: string])[] = [
  ['README.md', 'npm ci', '.ci/run types both lines on a clean checkout'],
  [
    'README.md',
    'npm install',
    'takes the package from the registry; test/package.test.ts installs it from its archive',
  ],
  ['ARCHITECTURE.md', '', 'a picture'],
  ['CONTRIBUTING.md', 'npm ci', 'sets a checkout up; .ci/run does'],
  ['data/README.md', 'npx nas-bench', 'needs the raw benchmark, 1 GB; test/nas/convert reads a small one'],
  [
    'docs/how-to/nas-bench.md',
    'npx nas-bench',
    'needs the raw benchmark, 1 GB; test/nas/convert reads a small one',
  ],
  ['docs/how-to/nas-bench.md', 'pandas', 'needs pandas'],
  ['docs/how-to/tensorflow.md', 'npm run setup', '.ci/run types it'],
  ['docs/how-to/tensorflow.md', 'npx pipe run', 'minutes; test/study runs the study on both backends'],
  ['docs/how-to/tensorflow.md', 'npm run setup:tensorflow -- --gpu', 'needs a GPU'],
  ['docs/how-to/external-predictions.md', 'architecture,accuracy', 'a file; test/nas/external reads such'],
  [
    'docs/how-to/external-predictions.md',
    'npx pipe run',
    'needs the real table; test/nas/external has a small one',
  ],
  [
    'docs/how-to/add-to-project.md',
    'npm install',
    'takes the package from the registry; test/package.test.ts installs it from its archive',
  ],
  ['docs/how-to/ci.md', 'pipeline:', 'a template for a server that we have not; its YAML is read'],
  ['docs/how-to/compare-runs.md', 'npx pipe run --serve', 'never ends; test/browser/live.test.ts'],
  ['docs/how-to/compare-runs.md', 'npx pipe run --watch', 'never ends; test/pipe/cli/watch.test.ts'],
  [
    'docs/how-to/share-results.md',
    '$ pipe run',
    'what a run of somebody else prints; test/pipe/remote/shared.test.ts',
  ],
  [
    'docs/how-to/share-results.md',
    'server {',
    'needs a certificate; test/pipe/remote/sweep.test.ts has nginx',
  ],
  ['docs/explanation/stale.md', '$ npx pipe verify', 'needs strace; test/pipe/access/trace.test.ts'],
  [
    'docs/explanation/sources.md',
    'sources:',
    'digests are cut short to be read; test/pipe/sources/source.test.ts',
  ],
  ['docs/performance.md', 'npm run perf:engine', 'a measurement of many minutes'],
];
