/** `pipe report`: writes reports/index.html and its JSON twin from whatever is there. */
import { exitCode } from '../config/diagnostic.ts';
import { type Command, jsonFlag, pipelineFlags } from './command.ts';
import { planOf, workspaceOf } from './project.ts';

export const report: Command = {
  name: 'report',
  summary: 'write reports/index.html from what is there',
  usage: '[flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    baseline: { type: 'string', value: 'REPORT', help: 'Compare with an earlier report (.html or .json)' },
  },
  examples: [
    ['pipe report', 'also while a run goes on: partial results say so'],
    ['pipe report --baseline old/report.json', 'with what changed since'],
  ],
  async run(parsed, surroundings) {
    const opened = await planOf(parsed, surroundings);
    const workspace = await workspaceOf(opened, surroundings);
    const { makeReport } = await import('../report/report.ts');
    const written = await makeReport({
      project: surroundings.project,
      graph: opened.graph,
      document: { file: opened.file, profile: opened.graph.profile, params: opened.params },
      workspace,
      baseline: parsed.text('baseline'),
    });
    await workspace.close();
    for (const warning of written.warnings) surroundings.stderr.write(`warning: ${warning}\n`);
    surroundings.stdout.write(parsed.is('json') ? `${JSON.stringify(written)}\n` : `${written.page}\n`);
    return exitCode.ok;
  },
};
