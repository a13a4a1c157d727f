/** Random histories of a project in a process of their own, the same each time: PIPE_HISTORIES=… for more or fewer. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { edits } from './history-edits.ts';

const count = Number(process.env.PIPE_HISTORIES ?? 2000);
const kinds = [
  ...Object.keys(edits).map((name) => `edit: ${name}`),
  ...['run', 'run of a profile', 'run with --set', 'run while something is edited', 'two runs at once'],
  ...['gc', 'gc beside a run', 'freeze', 'thaw', 'back to the start'],
];

test(`in ${count} random histories an incremental run equals a clean one, and every kind of step is met`, async () => {
  // A heap that is not collected all the time: most of what a run makes is short-lived.
  const program = ['--max-semi-space-size=64', 'scripts/run-ts.mjs', 'test/fuzz/history-main.ts'];
  const args = [...program, '--count', String(count), '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 }).catch(
    (error: { stdout?: string; stderr?: string }) => ({ stdout: error.stdout || String(error.stderr) }),
  );
  const { histories, told, drawn, seconds, cpuSeconds } = JSON.parse(stdout);
  console.log(
    `${histories} histories in ${seconds} s, ${cpuSeconds} s of a processor: ${JSON.stringify(drawn)}`,
  );
  expect(told).toEqual([]);
  expect(histories).toBe(count);
  // Of two thousand: of each edit some hundred and fifty; the rarest is a thaw.
  for (const kind of kinds) expect(drawn[kind], kind).toBeGreaterThanOrEqual(Math.floor(count / 200));
}, 3_600_000);
