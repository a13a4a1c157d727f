/**
 * `npm run test:faults`: a thousand kills of runs. `-- --kills N --seed S --seconds T --jobs J --life L --json`: so many,
 * in at most so long, in so many projects at once, from the given project on (the line at the end names the next one).
 */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killRuns } from './kills.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: 'Infinity' },
    jobs: { type: 'string', default: String(Math.max(1, availableParallelism())) },
    life: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const built = join(process.cwd(), 'dist');
if (!existsSync(built)) throw new Error('dist is missing: npm run build');
// A build of its own, so that nothing changes under it; where packages are still found.
const program = join(process.cwd(), 'node_modules/.cache', `faults-${process.pid}`);
cpSync(built, program, { recursive: true });
const began = performance.now();
try {
  const result = await killRuns({
    pipe: join(program, 'pipe.cjs'),
    kills: Number(values.kills),
    seed: Number(values.seed),
    jobs: Number(values.jobs),
    firstLife: Number(values.life),
    deadlineMs: performance.now() + Number(values.seconds) * 1000,
    onKill: ({ kills, lost, corrupt, usersGone }) => {
      if (kills % 100 === 0 || process.stderr.isTTY)
        process.stderr.write(
          `${process.stderr.isTTY ? '\r' : ''}${kills} kills, ${lost} lost, ${corrupt} corrupt, ${usersGone} user files gone${process.stderr.isTTY ? '' : '\n'}`,
        );
    },
  });
  const { kills, lost, corrupt, usersGone, different, errors, settled, lives, projects, missed, failures } =
    result;
  const seconds = Math.round((performance.now() - began) / 1000);
  const nextLife = Number(values.life) + lives;
  if (values.json)
    console.log(JSON.stringify({ ...result, seconds, seed: Number(values.seed), nextLife }, null, 2));
  else {
    for (const failure of failures) console.log(failure);
    // Only where there were enough for each step to have had its turn.
    if (kills >= 300 && missed.length > 0) console.log(`no run was killed after ${missed.join(', ')}`);
    console.log(`in ${lives} projects of ${projects.length} kinds (${projects.join('; ')}), ${seconds} s:`);
    console.log(
      `${kills} kills, ${lost} lost, ${corrupt} corrupt, ${usersGone} user files gone; ${different} of ${settled + different} whole runs had other outs, ${errors} ended with an error`,
    );
    if (kills < Number(values.kills)) console.log(`to go on: --seed ${values.seed} --life ${nextLife}`);
  }
  if (failures.length > 0 || (kills >= 300 && missed.length > 0)) process.exitCode = 1;
} finally {
  rmSync(program, { recursive: true, force: true });
}
