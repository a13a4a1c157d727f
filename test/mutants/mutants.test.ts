/** A few of `npm run test:mutants`: others each day, the same when it is run again. PIPE_MUTANTS=… for more. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { mutants } from './list.ts';
import { broken } from './mutated-copy.ts';

test('every mutant is a change of a text that its file holds once, and breaks a rule of its own', () => {
  for (const mutant of mutants)
    expect(broken(mutant, readFileSync(mutant.file, 'utf8')), mutant.rule).not.toBe('');
  expect(new Set(mutants.map(({ rule }) => rule)).size).toBe(mutants.length);
});

test('a sample of mutants is noticed, each by the test that is named for its rule', async () => {
  const seed = Math.floor(Date.now() / 86_400_000);
  const args = [
    '--sample',
    process.env.PIPE_MUTANTS ?? '6',
    '--seed',
    String(seed),
    '--broken-only',
    '--json',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [
    'scripts/run-ts.mjs',
    'test/mutants/run.ts',
    ...args,
  ]).catch((error: { stdout?: string; stderr?: string }) => ({
    stdout: error.stdout || String(error.stderr),
  }));
  const { tried, survivors } = JSON.parse(stdout);
  expect(survivors, `npm run test:mutants -- --seed ${seed}`).toEqual([]);
  expect(tried).toBeGreaterThan(0);
}, 600_000);
