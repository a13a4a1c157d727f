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
    const opened = await planOf(parsed, invocation, { checkFiles: false });
    const current = flatten(opened.params);
    let rows: readonly Row[] = [...current].map(([name, value]) => ({ name, value }));
    if (mode === 'diff') {
      const plain = { file: opened.file, profile: null, set: [], checkFiles: false };
      rows = changes(flatten((await openPlan(invocation.project, plain)).params), current);
    }
    if (parsed.is('json')) printJson(invocation, rows);
    else
      invocation.stdout.write(
        columns(
          rows.map((row) => [row.name, ...('from' in row ? [`${shown(row.from)} →`] : []), shown(row.value)]),
        ),
      );
    return exitCode.ok;
  },
};

/** Values keep their JSON types; what is absent on one side has none there. */
interface Row {
  readonly name: string;
  readonly value: Json | undefined;
  readonly from?: Json | undefined;
}

function changes(before: ReadonlyMap<string, Json>, after: ReadonlyMap<string, Json>): Row[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .filter((name) => shown(before.get(name)) !== shown(after.get(name)))
    .map((name) => ({ name, from: before.get(name), value: after.get(name) }));
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}

function flatten(object: JsonObject, prefix = '', into = new Map<string, Json>()): Map<string, Json> {
  for (const [key, value] of Object.entries(object)) {
    const nested: Json = value;
    if (isJsonObject(nested) && Object.keys(nested).length > 0) flatten(nested, `${prefix}${key}.`, into);
    else into.set(`${prefix}${key}`, nested);
  }
  return into;
}
