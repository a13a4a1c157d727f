/**
 * A few of `npm run test:mutants`: of the thirteen that no test noticed once, others each day, the same when it is run again.
 * PIPE_MUTANTS=… for another number, from the first on.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { mutants } from './list.ts';
import { broken } from './mutated-copy.ts';
import { unnoticed } from './unnoticed.ts';

const wanted = process.env.PIPE_MUTANTS;
const few = 5;

test('every mutant is a change of a text that its file holds once, and breaks a rule of its own', () => {
  for (const mutant of mutants)
    expect(broken(mutant, readFileSync(mutant.file, 'utf8')), mutant.rule).not.toBe('');
  expect(new Set(mutants.map(({ rule }) => rule)).size).toBe(mutants.length);
});

test('some of the mutants are noticed, each by the test that is named for its rule', async () => {
  const day = Math.floor(Date.now() / 86_400_000);
  const first = wanted === undefined ? day % (unnoticed.length - few + 1) : 0;
  const args = ['--first', String(first), '--count', wanted ?? String(few), '--broken-only', '--json'];
  const program = ['scripts/run-ts.mjs', 'test/mutants/run.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, [...program, ...args]).catch(
    (error: { stdout?: string; stderr?: string }) => ({ stdout: error.stdout || String(error.stderr) }),
  );
  const { tried, survivors, seconds } = JSON.parse(stdout);
  console.log(`${tried} mutants from ${first} on in ${seconds} s`);
  expect(survivors).toEqual([]);
  expect(tried).toBeGreaterThan(0);
}, 600_000);
