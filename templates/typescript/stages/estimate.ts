import { writeFileSync } from 'node:fs';
import type { StageContext } from 'pipe-experiments/stage';
import { estimates, type Method, methods, sample } from '../lib/sampling.ts';

export default (stage: StageContext) => {
  const { method, seed, points } = parsed(stage.params);
  const errors: { points: number; error: number }[] = [];
  let done = 0;
  for (const value of estimates(sample(method, seed, points))) {
    done++;
    if (done % 100 !== 0) continue;
    errors.push({ points: done, error: Math.abs(value - Math.PI) });
    stage.metric('error', errors.at(-1)!.error, done);
    stage.progress(done, points, 'points');
  }
  writeFileSync(stage.out('errors'), JSON.stringify(errors));
};

function parsed({ method, seed, points }: StageContext['params']) {
  const known = methods.find((one): one is Method => one === method);
  if (!known) throw new Error(`method must be ${methods.join(' or ')}, not ${method}`);
  if (typeof seed !== 'number' || typeof points !== 'number') throw new Error('seed and points are numbers');
  return { method: known, seed, points };
}
