/** What stands compressed in the page for each figure: specification, CSV, and the compiled form for interaction. */
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../../lib/json.ts';
import type { DrawnFigure } from './figure.ts';
import type { PageFigure } from './page-figure.ts';

/** Steps from a specification's root to an array in it. */
type Path = readonly (string | number)[];

/** By name. */
export function figureData(
  figures: readonly DrawnFigure[],
  withLive: boolean,
): Readonly<Record<string, PageFigure>> {
  return Object.fromEntries(
    figures.map(({ figure, live }) => [
      figure.name,
      {
        spec: figure.spec,
        csv: figure.csv,
        ...(withLive && live !== null ? { live: withoutData(live, figure.spec) } : {}),
      },
    ]),
  );
}

function withoutData(live: JsonObject, spec: JsonObject): JsonObject {
  const { data } = live;
  if (data === undefined || !isJsonArray(data)) return live;
  const known = new Map<string, Path>();
  collectValues(spec, [], known);
  return {
    ...live,
    data: data.map((entry): Json => {
      if (!isJsonObject(entry) || entry.values === undefined) return entry;
      const path = known.get(JSON.stringify(entry.values));
      return path === undefined ? entry : { ...entry, values: { $from: path } };
    }),
  };
}

/** Every inline data array of a specification, by its JSON. */
function collectValues(value: Json, path: Path, known: Map<string, Path>): void {
  if (isJsonArray(value)) {
    for (const [i, item] of value.entries()) collectValues(item, [...path, i], known);
  } else if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      const isData = isJsonArray(item) && (key === 'values' || path.at(-1) === 'datasets');
      if (isData) known.set(JSON.stringify(item), [...path, key]);
      else if (key !== 'usermeta') collectValues(item, [...path, key], known);
    }
  }
}
