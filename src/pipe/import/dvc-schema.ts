/** The shape of dvc.yaml, as far as it is taken over; other keys are kept so that they can be listed. */
import { z } from 'zod';

/** A path, or a map of one path to what is said of it. */
const entry = z.union([z.string(), z.record(z.string(), z.json())]);
const entries = z.array(entry).nullish();
const vars = z.array(z.union([z.string(), z.record(z.string(), z.json())])).nullish();

const body = {
  cmd: z.union([z.string(), z.array(z.string()).min(1)]),
  wdir: z.string().nullish(),
  desc: z.string().nullish(),
  deps: entries,
  outs: entries,
  params: entries,
  metrics: entries,
  plots: entries,
  frozen: z.boolean().nullish(),
  always_changed: z.boolean().nullish(),
  vars,
};

export const dvcBodySchema = z.looseObject(body);
const stage = z.union([
  z.looseObject({
    foreach: z.union([z.string(), z.array(z.json()), z.record(z.string(), z.json())]),
    do: dvcBodySchema,
  }),
  z.looseObject({
    ...body,
    matrix: z.record(z.string(), z.union([z.string(), z.array(z.json())])).optional(),
  }),
]);

export const dvcSchema = z.looseObject({ vars, stages: z.record(z.string(), stage) });

export type DvcBody = z.output<typeof dvcBodySchema>;
export type DvcStage = z.output<typeof stage>;
export type DvcFile = z.output<typeof dvcSchema>;
export type DvcEntry = z.output<typeof entry>;

/** Keys of a stage that have a counterpart, or are reported where they are read. */
export const knownKeys: ReadonlySet<string> = new Set([...Object.keys(body), 'foreach', 'do', 'matrix']);

/** A path with what is said of it. */
export function entryOfPath(
  one: DvcEntry,
): readonly [path: string, options: Readonly<Record<string, unknown>>] {
  if (typeof one === 'string') return [one, {}];
  const [[path, options] = ['', null]] = Object.entries(one);
  return [path, typeof options === 'object' && options !== null && !Array.isArray(options) ? options : {}];
}
