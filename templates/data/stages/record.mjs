import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generator, hoursOf, parseCsv } from '../lib/weather.mjs';

export default function record({ params, dep, out, progress }) {
  const stations = parseCsv(readFileSync(dep('stations'), 'utf8'));
  const place = stations.findIndex(({ station }) => station === params.station);
  const { mean, swing } = stations[place];
  const next = generator(place);
  mkdirSync(out('hours'));
  for (let year = 0; year < params.years; year++) {
    const rows = Array.from(
      hoursOf({ mean: Number(mean), swing: Number(swing) }, year, params.trend * (1 + place / 2), next),
      ([hour, degrees]) => `${hour},${degrees.toFixed(3)}\n`,
    );
    writeFileSync(join(out('hours'), `year-${String(year).padStart(2, '0')}.csv`), rows.join(''));
    progress(year + 1, params.years, 'years');
  }
}
