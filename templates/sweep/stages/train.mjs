import { writeFileSync } from 'node:fs';
import { accuracy, descend, generator, points } from '../lib/regression.mjs';

export default function train({ params, out, progress, metric }) {
  const next = generator(params.seed);
  const [data, held] = [points(next, 200), points(next, 1000)];
  let weights;
  let step = 0;
  for (weights of descend(data, { ...params, next })) {
    if (step % 10 === 0) metric('accuracy', accuracy(weights, held), step);
    progress(++step, params.steps, 'steps');
  }
  writeFileSync(out('result'), JSON.stringify({ accuracy: accuracy(weights, held) }));
}
