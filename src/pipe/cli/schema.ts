/** `pipe schema`: the JSON Schema of pipeline.yaml, for editors. */
import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import type { Command } from './command.ts';

export const schema: Command = {
  name: 'schema',
  summary: 'print the JSON Schema of pipeline.yaml',
  usage: '',
  flags: {},
  examples: [
    ['pipe schema > pipeline.schema.json', 'then: # yaml-language-server: $schema=./pipeline.schema.json'],
  ],
  async run(_parsed, { stdout }) {
    const { jsonSchemaText } = await import('../config/schema.ts');
    stdout.write(jsonSchemaText());
    return exitCode.ok;
  },
};
