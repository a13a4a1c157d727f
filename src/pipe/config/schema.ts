/** The shape of pipeline.yaml: one set of types for validation, for schema/pipeline.schema.json and for its reference page. */
import { z } from 'zod';
import { cacheSchema } from './cache-schema.ts';
import { executorSchema } from './executor-schema.ts';
import { linkSchema, name, paramsSchema, pythonSchema, shellSchema, text } from './field.ts';
import { fixed } from './fixed.ts';
import { sourceSchema } from './source-schema.ts';
import { stageSchema } from './stage-schema.ts';

const axisSchema = z
  .union([z.array(z.json()), z.record(z.string(), z.json())])
  .describe(
    'A list of plain values, or a map of named values. The names stand in cell ids: `train[no-zero,3]`.',
  );

const axesSchema = z.record(name, axisSchema);

export const profileSchema = fixed({
  extends: name.optional().describe('Another profile that is applied first.'),
  params: paramsSchema
    .optional()
    .describe('Merged deeply over `params`; only what is declared there can be changed.'),
  axes: axesSchema
    .optional()
    .describe('Per axis: a list of names of its values (which stay, in this order), or new values.'),
  executor: name
    .optional()
    .describe('Where stages run that name no executor: one of `executors`, or `local`.'),
  description: z.string().optional().describe('What it is for.'),
});

export const pipelineSchema = fixed({
  version: z.literal(1, 'the only version is 1').describe('Version of this format.'),
  title: text.optional().describe('Heading of the report.'),
  description: z.string().optional().describe('What the pipeline is for; stands below the heading.'),
  shell: shellSchema.optional().describe('What reads the commands; `bash -euo pipefail` when left out.'),
  link: linkSchema
    .optional()
    .describe('How outs are put in place; `auto` when left out. See “How outs are put in place”.'),
  python: pythonSchema
    .optional()
    .describe('What runs the stages in Python; `python3` when left out. As in a stage.'),
  params: paramsSchema.optional().describe('Values that stages refer to as `${params.…}`.'),
  paramsSchema: z
    .record(z.string(), z.json())
    .optional()
    .describe(
      'What `params` may be, as a JSON Schema; without it, a param given with `--set` has the type of its default.',
    ),
  profiles: z
    .record(name, profileSchema)
    .optional()
    .describe('Named changes of params and axes: `--profile NAME`.'),
  axes: axesSchema.optional().describe('Named dimensions of the experiment.'),
  resources: z
    .record(name, z.number().min(0, 'must not be negative'))
    .optional()
    .describe('Capacity of named resources beyond `cpu`, `gpu` and `memory`.'),
  executors: z
    .record(name, executorSchema)
    .optional()
    .describe('Queues that cells may be sent to: `--executor NAME`; see “Executors”.'),
  sources: z.record(name, sourceSchema).optional().describe('Data from outside the project.'),
  cache: cacheSchema.optional().describe('Where results are shared with other machines.'),
  stages: z.record(name, stageSchema).describe('The steps, by name.'),
});

/** schema/pipeline.schema.json as text. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(pipelineSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify({ title: 'pipeline.yaml', ...schema }, null, 2)}\n`;
}
