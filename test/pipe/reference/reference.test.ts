/** Generated files are what the code says. `npm run docs` brings them up to date. */
import { expect, test } from 'vitest';
import { jsonSchemaText } from '../../../src/pipe/config/schema.ts';
import { diagnosticCases } from '../config/diagnostic-cases.ts';
import { commandsPage } from './commands-page.ts';
import { diagnosticsPage } from './diagnostics-page.ts';
import { pipelinePage } from './pipeline-page.ts';
import { ruleText } from './rule-text.ts';

test('schema/pipeline.schema.json is current', async () => {
  await expect(jsonSchemaText()).toMatchFileSnapshot('../../../schema/pipeline.schema.json');
});
test('docs/reference/commands.md is current', async () => {
  await expect(await commandsPage()).toMatchFileSnapshot('../../../docs/reference/commands.md');
});
test('docs/reference/diagnostics.md is current', async () => {
  await expect(diagnosticsPage()).toMatchFileSnapshot('../../../docs/reference/diagnostics.md');
});
test('docs/reference/pipeline-yaml.md is current', async () => {
  await expect(pipelinePage()).toMatchFileSnapshot('../../../docs/reference/pipeline-yaml.md');
});

test('every rule that a test breaks has its section', () => {
  const rules = new Set(diagnosticCases.map((one) => one.rule));
  expect([...rules].filter((rule) => !Object.hasOwn(ruleText, rule))).toEqual([]);
});
