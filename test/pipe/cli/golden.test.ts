/** Whole pipelines beside what must come of them: test/golden/pipelines/NAME/{files,expected.json}. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { buildPipe, CliProject } from '../../kit/cli.ts';

const golden = resolve(dirname(fileURLToPath(import.meta.url)), '../../golden/pipelines');
const expectedSchema = z.strictObject({
  args: z.array(z.string()),
  exitCode: z.number(),
  /** How many cells end in which state; states without cells are left out. */
  states: z.record(z.string(), z.number()),
  files: z.record(z.string(), z.string()),
  absent: z.array(z.string()).default([]),
});
const finished = z.object({ type: z.literal('run-finished'), counts: z.record(z.string(), z.number()) });

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
afterEach(() => project.remove());

test.each(readdirSync(golden))('%s', (name) => {
  const expected = expectedSchema.parse(
    JSON.parse(readFileSync(join(golden, name, 'expected.json'), 'utf8')),
  );
  project = new CliProject(pipe.file);
  project.copy(join(golden, name, 'files'));

  const first = project.pipe('run', '--json', ...expected.args);
  expect(first.stderr).toBe('');
  expect(first.code).toBe(expected.exitCode);
  expect(counts(first.stdout)).toEqual(expected.states);
  for (const [path, text] of Object.entries(expected.files)) expect(project.read(path)).toBe(text);
  for (const path of expected.absent) expect(existsSync(join(project.dir, path))).toBe(false);

  if (expected.exitCode !== 0) return;
  const cells = Object.values(expected.states).reduce((sum, n) => sum + n, 0);
  expect(counts(project.pipe('run', '--json', ...expected.args).stdout)).toEqual({ 'up-to-date': cells });
  // From the cache alone: the outs in place are gone.
  rmSync(join(project.dir, 'cache/cells'), { recursive: true });
  expect(counts(project.pipe('run', '--json', ...expected.args).stdout)).toEqual({ restored: cells });
  for (const [path, text] of Object.entries(expected.files)) expect(project.read(path)).toBe(text);
});

function counts(stdout: string): Record<string, number> {
  const last = finished.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  return Object.fromEntries(Object.entries(last.counts).filter(([, count]) => count > 0));
}
