/** The examples of the reference pages are true: each is read by its schema, or runs. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stageContext } from '../../../src/pipe/job/stage-context.ts';
import { buildPipe, CliProject } from '../../kit/cli.ts';
import { markSchemas, reportMarksPage } from './report-marks-page.ts';

/** Headings of a page whose text is code, each with its section. */
function sectionsOf(page: string): ReadonlyMap<string, string> {
  const parts = page.split(/^## `(\w+)`$/m);
  return new Map(parts.flatMap((name, i) => (i % 2 === 1 ? [[name, parts[i + 1]!] as const] : [])));
}

function blocksOf(text: string, language: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    (match) => match[1]!,
  );
}

describe('report-marks.md', () => {
  const sections = sectionsOf(reportMarksPage());
  test.each(Object.entries(markSchemas))('the example of %s is what its schema reads', (mark, schema) => {
    const examples = blocksOf(sections.get(mark) ?? '', 'json');
    expect(examples).toHaveLength(1);
    const value: unknown = JSON.parse(examples[0]!);
    expect(schema.parse(value)).toEqual(value);
  });
});

describe('stage-api.md', () => {
  const page = readFileSync(new URL('../../../docs/reference/stage-api.md', import.meta.url), 'utf8');
  const sections = sectionsOf(page);
  const [whole] = blocksOf(page, 'ts');
  const [pipeline] = blocksOf(page, 'yaml');
  let pipe: Awaited<ReturnType<typeof buildPipe>>;
  let project: CliProject;
  beforeAll(async () => {
    pipe = await buildPipe();
    project = new CliProject(pipe.file);
    project.write('images.txt', 'four images');
    // The package as its exports name it, from the sources.
    project.write(
      'node_modules/pipe-experiments/package.json',
      '{"name":"pipe-experiments","version":"0.0.0","type":"module","exports":{"./stage":"./stage.js"}}',
    );
    project.write('node_modules/pipe-experiments/stage.js', 'export const defineStage = (stage) => stage;\n');
  });
  afterAll(() => {
    project.remove();
    pipe.remove();
  });

  test('has a section with an example for every member of the context', () => {
    const context = stageContext(
      {
        version: 2,
        params: {},
        axes: {},
        axisValues: {},
        deps: {},
        outs: {},
        checkpoint: null,
        resources: { cpu: 1, gpus: [] },
        events: '',
        module: null,
      },
      new AbortController().signal,
      { write: () => {}, now: () => 0 },
    );
    expect([...sections.keys()].sort()).toEqual(Object.keys(context).sort());
    for (const [name, text] of sections) {
      const examples = blocksOf(text, 'ts');
      expect(examples, name).toHaveLength(1);
      expect(examples[0]).toContain(`stage.${name}`);
    }
  });

  test('every example runs in the pipeline that the page shows', { timeout: 300_000 }, () => {
    const [head, train] = pipeline!.split(/(?=^ {2}train:)/m);
    const bodies = [...sections].map(([name, text]) => [name, blocksOf(text, 'ts')[0]!] as const);
    const copies = ['whole', ...sections.keys()].map((name) =>
      train!.replace('train:', `of-${name}:`).replace('stages/train.ts', `stages/${name}.ts`),
    );
    project.write('pipeline.yaml', head! + copies.join(''));
    project.write('stages/whole.ts', whole!);
    for (const [name, body] of bodies)
      project.write(
        `stages/${name}.ts`,
        `import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { defineStage } from 'pipe-experiments/stage';
export default defineStage(async (stage) => {
${body}
${body.includes("stage.out('weights')") ? '' : "writeFileSync(stage.out('weights'), '');"}
});
`,
      );
    const { code, stdout, stderr } = project.pipe('run');
    expect(code, stdout + stderr).toBe(0);
    const weights = (stage: string, variant: string): string =>
      project.read(`cache/cells/of-${stage}@${variant}/weights.bin`);
    expect(weights('whole', 'baseline')).toBe('FOUR IMAGES');
    expect(weights('params', 'baseline')).toBe('0.1');
    expect(weights('axes', 'no-zero')).toBe('weights of no-zero');
    expect(weights('axisValues', 'no-zero')).toBe('zero');
    expect(weights('gathered', 'baseline')).toBe('0: 0, 1: 1 (2 of 2)');
    expect(weights('hasDep', 'baseline')).toBe('from scratch');
    expect(weights('checkpoint', 'baseline')).toBe('3 epochs');
    expect(stdout + stderr).toContain('no validation images');
  });
});
