/** The shape of an entry of `stages`. */
import { z } from 'zod';
import { durationPattern } from './duration.ts';
import { linkSchema, name, paramsSchema, pythonSchema, scalar, shellSchema, text } from './field.ts';
import { fixed } from './fixed.ts';

const pattern = z.record(name, z.union([scalar, z.array(scalar)]));

const matrix = z.union([
  z.array(name),
  fixed({
    axes: z.array(name).describe('Names of axes; a cell is made for each combination of their values.'),
    only: z
      .array(pattern)
      .optional()
      .describe('Keep the combinations that match at least one of these patterns.'),
    exclude: z.array(pattern).optional().describe('Drop the combinations that match one of these patterns.'),
    include: z.array(pattern).optional().describe('Add combinations; each names a value of every axis.'),
  }),
]);

const out = z.union([
  text,
  fixed({
    path: text.describe('Path below the cell’s output folder.'),
    place: text.optional().describe('Also put here, relative to the project.'),
    link: linkSchema.optional().describe('How this out is put in place; see “How outs are put in place”.'),
    report: z
      .enum(['figures', 'table', 'metrics', 'claims', 'notice'])
      .optional()
      .describe('What the report makes of it.'),
  }),
]);

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a variable’s name is letters, digits and `_`, no digit first');
const variables = z.record(variable, scalar);
const env = z.union([
  fixed({
    set: variables.optional().describe('Set for the process; in the key.'),
    keyed: z.array(variable).optional().describe('Taken from the caller’s environment; in the key.'),
    pass: z
      .array(variable)
      .optional()
      .describe('Taken from the caller’s environment; never in the key or in any file.'),
  }),
  variables,
]);

const amount = z.union([
  z.number().min(0, 'must not be negative'),
  text,
  z.array(z.union([z.number(), text])).min(1, 'must not be empty'),
]);

export const stageSchema = fixed({
  description: z.string().optional().describe('What it does; shown in the report.'),
  run: text
    .optional()
    .describe(
      'A module in TypeScript, JavaScript or Python (`train.py`, or a function: `package.module:function`); the code it reaches is part of the key. Either `run` or `cmd`.',
    ),
  python: pythonSchema
    .optional()
    .describe(
      'What runs this stage’s Python: a command, a list of one and its first arguments, or a map of `command`, `venv`, `uv` or `conda`, and `lock`.',
    ),
  code: z
    .array(text)
    .optional()
    .describe(
      'More files whose code is part of the key, as globs: for imports of Python that only a run knows, or the code that a `cmd` runs. Of Python and TypeScript what it means counts, with what it imports; of others the bytes.',
    ),
  cmd: text
    .optional()
    .describe(
      'A shell command. `${…}` reaches the shell as one word, whatever is in it; `${raw:params.x}` is read as code.',
    ),
  warm: z
    .boolean()
    .optional()
    .describe(
      'Whether cells of a `run` in TypeScript or JavaScript may share a process, one after another; left out: when its code imports nothing but Node’s own plain modules. See “Warm processes”. Not part of the key.',
    ),
  shell: shellSchema.optional().describe('What reads this stage’s `cmd`; see “Commands”.'),
  when: text.optional().describe('One `${params.…}`; false or null leaves the stage out.'),
  matrix: matrix
    .optional()
    .describe('Axes of the stage, or a map with `axes`, `only`, `exclude`, `include`.'),
  deps: z
    .record(name, text)
    .optional()
    .describe('What it reads: `stage.out`, `source.name`, or a path inside the project.'),
  gather: z
    .record(name, fixed({ min: z.record(name, z.int().min(1, 'must be at least 1')) }))
    .optional()
    .describe(
      'Per gathered dep: how many values of an axis must have succeeded to go on, `{min: {seed: 3}}`.',
    ),
  params: paramsSchema.optional().describe('Values the stage gets; all of them are part of the key.'),
  outs: z
    .record(name, out)
    .describe(
      'What it writes: a path below the cell’s output folder, or a map with `path`, `place`, `link`, `report`.',
    ),
  resources: z
    .record(name, amount)
    .optional()
    .describe(
      'What it holds while it runs: `cpu`, `gpu`, `memory` (`4GiB`, or `[4GiB, 8GiB]`: the next one after it ran out of memory), or a resource the file defines.',
    ),
  executor: name
    .optional()
    .describe('Where its cells run: one of `executors`, or `local`, this machine. Not part of the key.'),
  env: env.optional().describe('Variables of the process: a map of values, or `set`, `keyed` and `pass`.'),
  tools: z.record(name, text).optional().describe('Probe commands whose output enters the key.'),
  checkpoint: z
    .union([
      z.literal(true),
      fixed({
        excluding: z.array(text).describe('Params, by dotted path, that may differ between runs sharing it.'),
      }),
    ])
    .optional()
    .describe('Keep a folder for checkpoints that survives an interruption.'),
  frozen: text.optional().describe('Never run, with the reason; what is there counts as up to date.'),
  always: z.boolean().optional().describe('Run every time.'),
  retries: z
    .int()
    .min(0, 'must not be negative')
    .max(100, 'at most 100')
    .optional()
    .describe('How often a failed attempt is tried again, after a growing pause.'),
  timeout: z
    .string()
    .regex(durationPattern, 'a timeout is a number with ms, s, m, h or d: `12h`')
    .optional()
    .describe('How long an attempt may take: a number with `ms`, `s`, `m`, `h` or `d`.'),
  estimate: z
    .union([text, z.array(pattern)])
    .optional()
    .describe(
      'How long a cell takes, until a run has measured it: `3h`, or `[{size: M, time: 9h}, {time: 1h}]`. Not part of the key.',
    ),
  watch: z
    .enum(['restart', 'queue'], { error: '`watch` is `restart` or `queue`' })
    .optional()
    .describe(
      'What `pipe run --watch` does with a running cell when an edit changes what it reads: `restart` ends it and runs it again, `queue` lets it end first. `restart` when left out. Not part of the key.',
    ),
});

export type RawStage = z.output<typeof stageSchema>;
export type RawPattern = z.output<typeof pattern>;
