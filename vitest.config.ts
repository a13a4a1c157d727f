import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * What takes over 5 s per file: whole commands, browsers, faults, training. The end of a run names files of the quick
 * project that took longer.
 */
const slow = [
  'test/package.test.ts',
  'test/accidents/**/*.test.ts',
  'test/action/**/*.test.ts',
  'test/docs/**/*.test.ts',
  'test/terminal/**/*.test.ts',
  'test/browser/**/*.test.ts',
  'test/faults/**/*.test.ts',
  'test/fuzz/**/*.test.ts',
  'test/parity/**/*.test.ts',
  'test/gridengine/**/*.test.ts',
  'test/slurm/**/*.test.ts',
  'test/study/**/*.test.ts',
  'test/tutorial.test.ts',
  'test/compare/**/*.test.ts',
  'test/pipe/import/**/*.test.ts',
  'test/pipe/access/**/*.test.ts',
  'test/pipe/python/**/*.test.ts',
  'test/pipe/trace/python/**/*.test.ts',
  'test/pipe/cli/**/*.test.ts',
  'test/pipe/exec/queue/{job-runner,shell-queue}.test.ts',
  'test/pipe/remote/**/*.test.ts',
  'test/pipe/reference/examples.test.ts',
  'test/nas/backend/**/*.test.ts',
  'test/nas/supernet/train/**/*.test.ts',
];
const neither = ['test/golden/**', 'test/fixtures/**', 'node_modules/**'];

// For machines, where the run is CI's: what was tested, one file per project.
const project = process.argv.find((_, index) => process.argv[index - 1] === '--project') ?? 'all';

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: ['test/kit/build-dist.ts'],
    reporters: ['default', './test/kit/summary-reporter.ts', ...(process.env.CI ? ['junit', 'json'] : [])],
    outputFile: { junit: `test-results/${project}.xml`, json: `test-results/${project}.json` },
    projects: [
      {
        extends: true,
        test: { name: 'quick', include: ['test/**/*.test.ts'], exclude: [...neither, ...slow] },
      },
      { extends: true, test: { name: 'slow', include: slow, exclude: neither } },
    ],
    // What a user's own programs know lies in the user's home: tests have one of their own.
    env: { XDG_STATE_HOME: join(tmpdir(), `pipe-test-state-${userInfo().uid}`) },
  },
});
