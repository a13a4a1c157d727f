/** Generated files are what the code says. `npm run docs` brings them up to date. */
import { expect, test } from 'vitest';
import { jsonSchemaText } from '../../../src/pipe/config/schema.ts';
import { diagnosticCases } from '../config/diagnostic-cases.ts';
import { eventSchema, jobSchema, protocolSchemaText } from '../job/protocol-schema.ts';
import { commandsPage } from './commands-page.ts';
import { diagnosticsPage } from './diagnostics-page.ts';
import { pipelinePage } from './pipeline-page.ts';
import { reportMarksPage } from './report-marks-page.ts';
import { ruleText } from './rule-text.ts';

test('schema/pipeline.schema.json is current', async () => {
  await expect(jsonSchemaText()).toMatchFileSnapshot('../../../schema/pipeline.schema.json');
});
test('schema/job.schema.json and schema/event.schema.json are current', async () => {
  await expect(protocolSchemaText(jobSchema, 'job')).toMatchFileSnapshot('../../../schema/job.schema.json');
  await expect(protocolSchemaText(eventSchema, 'event')).toMatchFileSnapshot(
    '../../../schema/event.schema.json',
  );
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
test('docs/reference/report-marks.md is current', async () => {
  await expect(reportMarksPage()).toMatchFileSnapshot('../../../docs/reference/report-marks.md');
});

test('every rule that a test breaks has its section', () => {
  const rules = new Set(diagnosticCases.map((one) => one.rule));
  expect([...rules].filter((rule) => !Object.hasOwn(ruleText, rule))).toEqual([]);
});
