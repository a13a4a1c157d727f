/** The job file and the event file as JSON Schemas; the stages of other languages go by them. */
import { z } from 'zod';
import type { Job } from '../../../src/pipe/job/job.ts';

const text = z.record(z.string(), z.string());

export const jobSchema = z.strictObject({
  version: z.literal(2).describe('Version of this format.'),
  axes: text.describe('Axis → name of the cell’s value.'),
  axisValues: z.record(z.string(), z.json()).describe('Axis → the value itself.'),
  params: z
    .record(z.string(), z.json())
    .describe('The stage’s params, every `${…}` filled in, with their types.'),
  deps: z
    .record(
      z.string(),
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('one'), path: z.string() }),
        z.strictObject({
          kind: z.literal('gather'),
          items: z
            .array(
              z.strictObject({
                path: z.string(),
                axes: text.describe('Labels: axis values of the cell that made it.'),
              }),
            )
            .describe('In stable order.'),
          planned: z.int().describe('More than the items when the stage goes on with fewer.'),
        }),
      ]),
    )
    .describe('Absolute paths to read.'),
  outs: text.describe('Absolute paths to write; their folders exist.'),
  checkpoint: z
    .string()
    .nullable()
    .describe('Absolute path of a folder that survives an interruption; null: none.'),
  resources: z
    .strictObject({ cpu: z.number(), gpus: z.array(z.int()) })
    .describe('Cores that a module declares, 1 for a command; ids of the GPUs that were leased.'),
  events: z.string().describe('Absolute path of the file to append events to.'),
  module: z.string().nullable().describe('Absolute path of the bundle to import; null for a command.'),
}) satisfies z.ZodType<Job>;

const at = z.string().optional().describe('When it happened: ISO 8601, in UTC, with a Z.');
export const eventSchema = z.union([
  z.object({ type: z.literal('progress'), done: z.number(), total: z.number(), unit: z.string(), at }),
  z.object({
    type: z.literal('metric'),
    name: z.string(),
    value: z.number(),
    step: z.number().nullable(),
    at,
  }),
  z.object({ type: z.literal('message'), level: z.enum(['info', 'warning']), text: z.string(), at }),
]);

export function protocolSchemaText(schema: z.ZodType, title: string): string {
  return `${JSON.stringify({ title, ...z.toJSONSchema(schema, { target: 'draft-7' }) }, null, 2)}\n`;
}
