/**
 * The shape of pipeline.yaml: one set of types for validation, for schema/pipeline.schema.json and for its reference page.
 * Long because every key of the file stands in it with its description.
 */
import { z } from 'zod';
import { byteSize } from './byte-size.ts';
import { durationPattern } from './duration.ts';
import { executorSchema } from './executor-schema.ts';
import { fixed } from './fixed.ts';

/** Shells that read what a command becomes: variables, assignments, `-c`. */
const shellPattern =
  /^(?:\/\S*\/)?(?:bash|sh|dash|ash|ksh|mksh|zsh)(?: +-[^\s'"\\$`;&|<>]+(?: +[\w.=:-]+)?)*$/;
const namePattern = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const name = z
  .string()
  .regex(namePattern, 'a name is a letter followed by letters, digits, `-` and `_`, at most 64 of them');
const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: 'expected text, a number or a boolean',
});
const text = z.string().min(1, 'must not be empty');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 digest is 64 hexadecimal digits, in lower case');

export const axisSchema = z
  .union([z.array(z.json()), z.record(z.string(), z.json())])
  .describe(
    'A list of plain values, or a map of named values. The names stand in cell ids: `train[no-zero,3]`.',
  );

const axesSchema = z.record(name, axisSchema);
const paramsSchema = z.record(z.string(), z.json());

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

const candidate = z.union([
  text,
  fixed({
    path: text.describe('File or folder; may lie outside the project.'),
    sha256: z
      .union([sha256, z.record(z.string(), sha256)])
      .optional()
      .describe(
        'A file’s digest as `sha256sum` prints it, or a map of them by path in the folder. Enforced on every use.',
      ),
  }),
]);

const size = z
  .union([z.number(), z.string()])
  .refine((value) => byteSize(value) !== null, 'a size is a number of bytes or text such as `4GiB`');

export const sourceSchema = fixed({
  paths: z
    .array(candidate)
    .optional()
    .describe('Candidates in order; the first that exists and holds a file is used.'),
  url: z
    .string()
    .regex(/^https?:\/\//, 'a url starts with https:// or http://')
    .optional()
    .describe('Downloaded once, with resume, when no candidate exists. Needs `sha256`.'),
  sha256: sha256
    .optional()
    .describe(
      'Digest of what `url` serves: 64 hexadecimal digits, as `sha256sum FILE` prints. Without `unpack`, paths that have no `sha256` of their own must have it too.',
    ),
  unpack: z.literal('tar.gz').optional().describe('Unpack the download into a folder.'),
  strip: z.string().optional().describe('Folder inside the archive that becomes the source.'),
  limits: fixed({
    size: size.optional().describe('Most bytes of the download, such as `2GB`; default 100 GB.'),
    time: z
      .string()
      .regex(durationPattern, 'a time is a number with ms, s, m, h or d: `12h`')
      .optional()
      .describe(
        'Longest time of the download; default `24h`. A minute without a byte is a break, which is resumed.',
      ),
    unpacked: size
      .optional()
      .describe(
        'Most bytes that the archive may unpack to; default 100 times its own size, at least 256 MiB.',
      ),
  })
    .optional()
    .describe('Bounds of a download.'),
  description: z.string().optional().describe('What it is; shown in the report.'),
});

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

const linkSchema = z.enum(['auto', 'copy', 'hardlink', 'symlink'], {
  error: '`link` is `auto`, `copy`, `hardlink` or `symlink`',
});

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

const shell = z
  .string()
  .regex(
    shellPattern,
    'a shell is `bash`, `sh`, `dash`, `ash`, `ksh`, `mksh` or `zsh`, with its flags: `bash -euo pipefail`',
  );

const launcher = z.union([text, z.array(text).min(1, 'must not be empty')]);
const python = z.union([
  launcher,
  fixed({
    command: launcher.optional().describe('A command, or a list of one and its first arguments.'),
    venv: text.optional().describe('Folder of a virtual environment: its `bin/python` is run.'),
    uv: z.literal(true).optional().describe('`uv run --frozen python` of the project.'),
    conda: text.optional().describe('Name or folder of a conda environment: `conda run` starts it.'),
    lock: z
      .union([text, z.array(text)])
      .optional()
      .describe(
        'Files that say what is installed, part of the key by their bytes: `uv.lock`, `requirements.txt`.',
      ),
  }).refine(
    ({ command, venv, uv, conda }) =>
      [command, venv, uv, conda].filter((one) => one !== undefined).length <= 1,
    'names more than one of `command`, `venv`, `uv` and `conda`: keep one of them',
  ),
]);

export const stageSchema = fixed({
  description: z.string().optional().describe('What it does; shown in the report.'),
  run: text
    .optional()
    .describe(
      'A module in TypeScript, JavaScript or Python (`train.py`, or a function: `package.module:function`); the code it reaches is part of the key. Either `run` or `cmd`.',
    ),
  python: python
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
  shell: shell.optional().describe('What reads this stage’s `cmd`; see “Commands”.'),
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

const cache = fixed({
  remote: text
    .optional()
    .describe(
      'Where results are shared: a folder, `https://HOST/PATH`, or `s3://BUCKET/PREFIX`. `--remote` and `PIPE_REMOTE` go before it.',
    ),
  name: name
    .optional()
    .describe('What it is called on screens and in reports; else its host, bucket or folder.'),
  mode: z
    .enum(['read', 'read-write'], { error: '`mode` is `read` or `read-write`' })
    .optional()
    .describe('Whether results made here are sent there; `read-write` when left out.'),
  sign: z
    .string()
    .regex(/^env\.[A-Za-z_][A-Za-z0-9_]*$/, 'the key is named by its variable: `env.PIPE_SIGNING_KEY`')
    .optional()
    .describe(
      'The variable that holds the private key with which results are signed. Where it is not set, none are sent.',
    ),
  trust: z
    .array(
      z
        .string()
        .regex(
          /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/,
          'a public key is the base64 of an Ed25519 key in DER form, 60 characters that start with `MCowBQYDK2VwAyEA`',
        ),
    )
    .min(1, 'must not be empty')
    .optional()
    .describe('Public keys. When there are some, only results that one of them signed are taken.'),
});

export const pipelineSchema = fixed({
  version: z.literal(1, 'the only version is 1').describe('Version of this format.'),
  title: text.optional().describe('Heading of the report.'),
  description: z.string().optional().describe('What the pipeline is for; stands below the heading.'),
  shell: shell.optional().describe('What reads the commands; `bash -euo pipefail` when left out.'),
  link: linkSchema
    .optional()
    .describe('How outs are put in place; `auto` when left out. See “How outs are put in place”.'),
  python: python
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
  cache: cache.optional().describe('Where results are shared with other machines.'),
  stages: z.record(name, stageSchema).describe('The steps, by name.'),
});

/** schema/pipeline.schema.json as text. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(pipelineSchema, { io: 'input', target: 'draft-7' });
  return `${JSON.stringify({ title: 'pipeline.yaml', ...schema }, null, 2)}\n`;
}

export type RawStage = z.output<typeof stageSchema>;
export type RawSource = z.output<typeof sourceSchema>;
export type RawPattern = z.output<typeof pattern>;
