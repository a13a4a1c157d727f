/** `pipe export --ro-crate FOLDER [RUN]`: a run for archives, with what ran, when, with which params, and what came out. */
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { countText } from '../../lib/format.ts';
import { exportCrate } from '../history/export-crate.ts';
import { theRun } from '../history/find-run.ts';
import { recordedResults } from '../history/run-results.ts';
import { layoutOf } from '../store/layout.ts';
import { type Command, type Invocation, jsonFlag, printJson } from './command.ts';
import { planToday } from './plan-today.ts';
import { projectTitle } from './project-title.ts';

export const exportVerb: Command = {
  name: 'export',
  summary: 'write a run as a Workflow Run RO-Crate, for archives',
  usage: '--ro-crate FOLDER [RUN] [flags]',
  flags: {
    'ro-crate': { type: 'string', value: 'FOLDER', help: 'A folder that is new or empty' },
    license: { type: 'string', value: 'SPDX', help: "Licence of the results (default: package.json's)" },
    description: { type: 'string', value: 'TEXT', help: 'What the results are, in a sentence' },
    ...jsonFlag,
  },
  examples: [
    ['pipe export --ro-crate crate', 'the newest run'],
    [
      'pipe export --ro-crate crate first-try --license CC-BY-4.0',
      'a run by its name, under another licence',
    ],
  ],
  async run(parsed, invocation) {
    const { project, cwd, stdout } = invocation;
    const named = parsed.text('ro-crate');
    const [word = 'latest', ...more] = parsed.arguments;
    if (named === null || more.length > 0)
      throw new UserError('pipe export needs a folder, and takes one run', {
        code: exitCode.usage,
        hint: 'pipe export --ro-crate crate latest',
      });
    const license = parsed.text('license') ?? packageLicense(invocation);
    if (license === null)
      throw new UserError('a crate names the licence of what it holds, and none is known', {
        code: exitCode.usage,
        hint: 'add --license CC-BY-4.0, or `license` to package.json',
      });
    const layout = layoutOf(project);
    const run = theRun(layout, word);
    const recorded = await recordedResults(run.folder, await planToday(invocation));
    if (recorded === null) throw new UserError(`run ${run.name} recorded nothing`);
    const folder = resolve(cwd, named);
    const files = await exportCrate({
      ...{ layout, recorded, folder, license, run: run.folder },
      title: await projectTitle(invocation),
      description: parsed.text('description') ?? '',
    });
    if (parsed.is('json')) printJson(invocation, { folder: relative(project, folder), run: run.name, files });
    else stdout.write(`${named}: run ${run.name}, ${countText(files, 'file')}\n`);
    return exitCode.ok;
  },
};

function packageLicense({ project }: Pick<Invocation, 'project'>): string | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
    const license = typeof value === 'object' && value !== null && 'license' in value ? value.license : null;
    return typeof license === 'string' && license !== 'UNLICENSED' ? license : null;
  } catch {
    return null;
  }
}
