import { writeFileSync } from 'node:fs';
import { distance, generator, walk } from '../lib/walk.mjs';

export default function many({ params, out, progress, metric }) {
  const next = generator(params.seed);
  const places = [];
  for (let i = 1; i <= params.walks; i++) {
    places.push(walk(params.steps, next));
    if (i % 200 === 0) {
      progress(i, params.walks, 'walks');
      metric('distance', distance(places), i);
    }
  }
  writeFileSync(out('distance'), JSON.stringify({ distance: distance(places) }));
}
