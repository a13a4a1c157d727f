/** Values that fields of pipeline.yaml have in common: names, texts, sizes, params. */
import { z } from 'zod';
import { byteSize } from './byte-size.ts';
import { fixed } from './fixed.ts';

const namePattern = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
export const name = z
  .string()
  .regex(namePattern, 'a name is a letter followed by letters, digits, `-` and `_`, at most 64 of them');
export const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: 'expected text, a number or a boolean',
});
export const text = z.string().min(1, 'must not be empty');
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a sha256 digest is 64 hexadecimal digits, in lower case');

export const size = z
  .union([z.number(), z.string()])
  .refine((value) => byteSize(value) !== null, 'a size is a number of bytes or text such as `4GiB`');

export const paramsSchema = z.record(z.string(), z.json());

export const linkSchema = z.enum(['auto', 'copy', 'hardlink', 'symlink'], {
  error: '`link` is `auto`, `copy`, `hardlink` or `symlink`',
});

/** Shells that read what a command becomes: variables, assignments, `-c`. */
const shellPattern =
  /^(?:\/\S*\/)?(?:bash|sh|dash|ash|ksh|mksh|zsh)(?: +-[^\s'"\\$`;&|<>]+(?: +[\w.=:-]+)?)*$/;
export const shellSchema = z
  .string()
  .regex(
    shellPattern,
    'a shell is `bash`, `sh`, `dash`, `ash`, `ksh`, `mksh` or `zsh`, with its flags: `bash -euo pipefail`',
  );

const launcher = z.union([text, z.array(text).min(1, 'must not be empty')]);
export const pythonSchema = z.union([
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
