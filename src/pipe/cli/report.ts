/** `pipe report`: writes reports/index.html and its JSON twin from whatever is there. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import { bytesText } from '../../lib/format.ts';
import { type Command, jsonFlag, pipelineFlags, strictFlag } from './command.ts';
import { planOf, reportOf, withWorkspace } from './project.ts';

export const report: Command = {
  name: 'report',
  summary: 'write reports/index.html from what is there',
  usage: '[flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    ...strictFlag,
    markdown: { type: 'string', value: 'FILE', help: 'Write it as Markdown too, without the figures' },
    baseline: { type: 'string', value: 'REPORT', help: 'Compare with an earlier report (.html or .json)' },
  },
  examples: [
    ['pipe report', 'also while a run goes on: partial results say so'],
    ['pipe report --markdown docs/results.md', 'claims and tables to keep with the project'],
    ['pipe report --baseline old/report.json', 'with what changed since'],
  ],
  async run(parsed, invocation) {
    const { project, stdout, stderr } = invocation;
    const opened = await planOf(parsed, invocation);
    const { page, warnings, faults } = await withWorkspace(opened, invocation, (workspace) =>
      reportOf(opened, workspace, project, {
        set: parsed.texts('set'),
        baseline: parsed.text('baseline'),
        markdown: parsed.text('markdown'),
      }),
    );
    const bytes = statSync(join(project, page)).size;
    for (const warning of warnings) stderr.write(`warning: ${warning}\n`);
    if (parsed.is('json')) stdout.write(`${JSON.stringify({ page, bytes, warnings })}\n`);
    else stdout.write(`${page} (${bytesText(bytes)})\n`);
    return parsed.is('strict') && faults.length > 0 ? exitCode.failed : exitCode.ok;
  },
};
