/** Temperatures of a station, hour by hour: a wave of the year, a wave of the day, a trend, and noise. */

/** A small seeded generator (mulberry32): the same seed, the same numbers in [0, 1). */
export function generator(seed) {
  let state = seed + 0x6d2b79f5;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Yields [hour of the year, degrees] of one year; `year` counts from 0. */
export function* hoursOf({ mean, swing }, year, trend, next) {
  for (let hour = 0; hour < 8760; hour++) {
    const ofYear = -Math.cos((2 * Math.PI * hour) / 8760) * (swing / 2);
    const ofDay = -Math.cos((2 * Math.PI * hour) / 24) * 3;
    const noise = (next() + next() + next() - 1.5) * 4;
    yield [hour, mean + trend * year + ofYear + ofDay + noise];
  }
}

/** Lines of a CSV with a head → objects. */
export function parseCsv(text) {
  const [head, ...lines] = text.trim().split('\n').map((line) => line.split(','));
  return lines.map((cells) => Object.fromEntries(cells.map((cell, i) => [head[i], cell])));
}
