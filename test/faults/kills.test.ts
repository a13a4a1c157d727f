/** A few of the kills of `npm run test:faults`: PIPE_KILLS=… for more. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPipe } from '../kit/cli.ts';
import { killRuns } from './kills.ts';

const kills = Number(process.env.PIPE_KILLS ?? 16);
let pipe: Awaited<ReturnType<typeof buildPipe>>;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());

test(`after ${kills} kills of runs, beside gc and runs of other params, nothing is lost, nothing corrupt, and no file of a user gone`, async () => {
  // Another part of the thousand each day, the same when it is run again.
  const seed = Math.floor(Date.now() / 86_400_000);
  const { failures, ...count } = await killRuns({
    pipe: pipe.file,
    kills,
    seed,
    jobs: 2,
    firstLife: 0,
    deadlineMs: Number.POSITIVE_INFINITY,
    killsPerLife: Math.ceil(kills / 4),
  });
  expect(failures, `npm run test:faults -- --seed ${seed}`).toEqual([]);
  const { lost, corrupt, usersGone, different, errors } = count;
  expect({ lost, corrupt, usersGone, different, errors }).toEqual({
    lost: 0,
    corrupt: 0,
    usersGone: 0,
    different: 0,
    errors: 0,
  });
  expect(count.kills).toBeGreaterThanOrEqual(kills);
}, 600_000);
