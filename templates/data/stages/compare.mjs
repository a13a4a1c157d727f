import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { slope } from '../lib/trend.mjs';

export default function compare({ gathered, out }) {
  const stations = gathered('years').items.map(({ path, axes }) => {
    const points = readFileSync(path, 'utf8').trim().split('\n').map((line) => line.split(',').map(Number));
    return { station: axes.station, points, decade: 10 * slope(points) };
  });
  const fastest = stations.reduce((a, b) => (b.decade > a.decade ? b : a));
  const metrics = {
    fastest_warming: {
      value: fastest.decade,
      unit: '°C per decade',
      means: `How fast the station that warms fastest does: ${fastest.station}.`,
    },
  };
  writeFileSync(out('metrics'), JSON.stringify(metrics));
  writeFileSync(out('table'), JSON.stringify(table(stations)));
  mkdirSync(out('figures'));
  writeFileSync(join(out('figures'), 'years.vl.json'), JSON.stringify(figure(stations)));
}

function table(stations) {
  return {
    title: 'Warming by station',
    caption: 'Slope of a line through the means of the years.',
    columns: [
      { name: 'station', label: 'Station', kind: 'text' },
      { name: 'decade', label: 'Warming', kind: 'number', digits: 2, unit: '°C per decade' },
      { name: 'years', label: 'Years', kind: 'number' },
    ],
    rows: stations.map(({ station, points, decade }) => ({ station, decade, years: points.length })),
    notes: [],
  };
}

function figure(stations) {
  const values = stations.flatMap(({ station, points }) =>
    points.map(([year, degrees]) => ({ station, year, above: degrees - points[0][1] })),
  );
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    usermeta: {
      pipe: { title: 'Warming since the first year', caption: 'A line per station.', section: 'Trend', order: 1 },
    },
    data: { values },
    mark: 'line',
    encoding: {
      x: { field: 'year', type: 'quantitative' },
      y: { field: 'above', type: 'quantitative', title: '°C above the first year' },
      color: { field: 'station', type: 'nominal' },
    },
  };
}
