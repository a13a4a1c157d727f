// Program: says whether a machine can train on TensorFlow. The loss of a small network must fall.

import { openBackend } from './open.ts';
import { probe } from './probe.ts';

const steps = 20;
const backend = await openBackend('tensorflow', { threads: 1 });
const { losses } = probe(backend, steps);
const [first, last] = [losses[0]!, losses[steps - 1]!];
if (!(last < 0.9 * first))
  throw new Error(`the loss did not fall: ${first} at first, ${last} after ${steps} steps`);
const where = backend.id.gpu ?? 'the CPU';
console.log(
  `${backend.id.version} trains on ${where}: loss ${first.toFixed(3)} → ${last.toFixed(3)} in ${steps} steps`,
);
