/** Random histories of a project in a process of their own: PIPE_HISTORIES=… for more or fewer. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const histories = Number(process.env.PIPE_HISTORIES ?? 300);

test(`in ${histories} random histories an incremental run equals a clean one`, async () => {
  // A heap that is not collected all the time: most of what a run makes is short-lived.
  const program = ['--max-semi-space-size=64', 'scripts/run-ts.mjs', 'test/fuzz/pipeline-main.ts'];
  const args = [...program, '--histories', String(histories), '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 }).catch(
    (error: { stdout?: string; stderr?: string }) => ({ stdout: error.stdout || String(error.stderr) }),
  );
  const { histories: walked, told } = JSON.parse(stdout);
  expect(told).toEqual([]);
  expect(walked).toBe(histories);
}, 3_600_000);
