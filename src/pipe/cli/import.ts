/** `pipe import dvc.yaml`: a pipeline file out of another tool's. Overwrites nothing. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, isAbsolute, relative, resolve } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { hasCode } from '../../lib/errno.ts';
import { countText } from '../../lib/format.ts';
import { printable } from '../../lib/printable.ts';
import { type Command, type Invocation, jsonFlag, printJson } from './command.ts';

export const importVerb: Command = {
  name: 'import',
  summary: 'make a pipeline file out of a dvc.yaml',
  usage: '[dvc.yaml] [flags]',
  flags: {
    ...jsonFlag,
    out: { type: 'string', value: 'FILE', help: 'Pipeline file to write (default: pipeline.yaml)' },
  },
  examples: [
    ['pipe import dvc.yaml', 'writes pipeline.yaml and lists what could not be taken over'],
    [
      'pipe import dvc.yaml --out new.yaml && pipe plan --file new.yaml',
      'beside a pipeline.yaml that is there',
    ],
  ],
  async run(parsed, invocation) {
    const [given = 'dvc.yaml', ...more] = parsed.arguments;
    if (more.length > 0 || !/^dvc.*\.ya?ml$/.test(basename(given)))
      throw new UserError(`pipe import takes a dvc.yaml, not '${parsed.arguments.join(' ')}'`, {
        code: exitCode.usage,
        hint: 'other tools’ files are not read; docs/how-to has a page for people who come from Snakemake',
      });
    const { project, stdout } = invocation;
    const file = inProject(given, invocation);
    const out = inProject(parsed.text('out') ?? resolve(project, 'pipeline.yaml'), invocation);
    const text = readText(resolve(project, file), given);
    const { importDvc } = await import('../import/dvc-import.ts');
    const imported = importDvc({ text, file, project });
    await writeNew(resolve(project, out), imported.text, out);
    const { notes, stages } = imported;
    if (parsed.is('json')) printJson(invocation, { wrote: out, stages, notes });
    else {
      stdout.write(`wrote ${out}: ${countText(stages, 'stage')}\n`);
      if (notes.length > 0)
        stdout.write('not taken over, or not as it was (the list is in the file, too):\n');
      for (const one of notes) stdout.write(`  ${printable(one)}\n`);
      stdout.write(`next: npx pipe plan${out === 'pipeline.yaml' ? '' : ` --file ${out}`}\n`);
    }
    return exitCode.ok;
  },
};

function inProject(path: string, { project, cwd }: Invocation): string {
  const inside = relative(project, resolve(cwd, path));
  if (!inside.startsWith('..') && !isAbsolute(inside)) return inside;
  throw new UserError(`${path} is outside the project ${project}`, {
    code: exitCode.usage,
    hint: 'go to the folder of that dvc.yaml',
  });
}

function readText(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'EISDIR', 'ENOTDIR')) throw error;
    throw new UserError(`${shown} is not here`, {
      code: exitCode.usage,
      hint: '`pipe import PATH/dvc.yaml`',
    });
  }
}

async function writeNew(path: string, text: string, shown: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new UserError(`${shown} is there already: nothing was written`, {
      code: exitCode.usage,
      hint: '`--out FILE` writes another file',
    });
  }
}
