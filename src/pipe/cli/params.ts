/** `pipe params`: the params in force, or what a profile or --set changes. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { openPlan } from '../project/open-plan.ts';
import { type Command, jsonFlag, pipelineFlags, printJson } from './command.ts';
import { planOf } from './project.ts';
import { columns } from './table.ts';

export const params: Command = {
  name: 'params',
  summary: 'print the params in force, or what a profile changes',
  usage: '[diff] [flags]',
  flags: { ...pipelineFlags, ...jsonFlag },
  examples: [
    ['pipe params --profile paper', 'every param under a profile'],
    ['pipe params diff --profile paper', 'only what the profile changes, old and new'],
  ],
  async run(parsed, invocation) {
    const mode = parsed.arguments[0];
    if (mode !== undefined && mode !== 'diff') {
      throw new UserError(`pipe params takes nothing or \`diff\`, not '${mode}'`, { code: exitCode.usage });
    }
    const current = flatten((await planOf(parsed, invocation, { checkFiles: false })).params);
    let rows = [...current].map(([name, value]) => ({ name, value }) as Row);
    if (mode === 'diff') {
      const file = parsed.text('file') ?? 'pipeline.yaml';
      const before = flatten(
        (await openPlan(invocation.project, { file, profile: null, set: [], checkFiles: false })).params,
      );
      rows = changes(before, current);
    }
    if (parsed.is('json')) printJson(invocation, rows);
    else
      invocation.stdout.write(
        columns(rows.map((row) => [row.name, ...('from' in row ? [`${row.from} →`] : []), row.value])),
      );
    return exitCode.ok;
  },
};

interface Row {
  readonly name: string;
  readonly value: string;
  readonly from?: string;
}

function changes(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Row[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => ({ name, from: before.get(name) ?? 'absent', value: after.get(name) ?? 'absent' }));
}

function flatten(object: JsonObject, prefix = '', into = new Map<string, string>()): Map<string, string> {
  for (const [key, value] of Object.entries(object)) {
    const nested: Json = value;
    if (isJsonObject(nested) && Object.keys(nested).length > 0) flatten(nested, `${prefix}${key}.`, into);
    else into.set(`${prefix}${key}`, JSON.stringify(nested));
  }
  return into;
}
