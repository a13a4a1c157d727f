/** The examples of the reference pages are true: each is read by its schema, or runs. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
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

describe('job-file.md', () => {
  const page = readFileSync(new URL('../../../docs/reference/job-file.md', import.meta.url), 'utf8');
  const python = blocksOf(page, 'yaml')[0]!;
  const r = blocksOf(page, 'yaml')[1]!;
  let pipe: Awaited<ReturnType<typeof buildPipe>>;
  let project: CliProject;
  beforeAll(async () => {
    pipe = await buildPipe();
  });
  beforeEach(() => {
    project = new CliProject(pipe.file);
  });
  afterEach(() => project.remove());
  afterAll(() => pipe.remove());

  /** What the run reported as metrics: name and value. */
  function metrics(): readonly [string, number][] {
    const [run = ''] = readdirSync(join(project.dir, 'cache/runs'));
    const lines = project.read(`cache/runs/${run}/events.jsonl`).trim().split('\n');
    const event = z.object({ type: z.string(), name: z.string().optional(), value: z.number().optional() });
    return lines
      .map((line) => event.parse(JSON.parse(line)))
      .flatMap(({ type, name, value }) =>
        type === 'cell-metric' ? [[name!, value!] as [string, number]] : [],
      );
  }

  test('the command in Python runs as it stands', (context) => {
    if (spawnSync('python3', ['--version']).status !== 0) return context.skip('no python3 here');
    project.write('pipeline.yaml', `version: 1\naxes: {size: [7]}\n${python}`);
    project.write('train.py', blocksOf(page, 'python')[0]!);
    const { code, stderr } = project.pipe('run');
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('!');
    expect(project.read('cache/cells/train@7/weights.txt')).toBe('7');
    expect(metrics()).toEqual([['loss', 0.5]]);
  });

  test('the command in R runs as it stands', { timeout: 180_000 }, (context) => {
    if (spawnSync('Rscript', ['-e', 'library(jsonlite)']).status !== 0)
      return context.skip('no Rscript with jsonlite here (apt-get install r-base-core r-cran-jsonlite)');
    project.write('pipeline.yaml', `version: 1\n${r}`);
    project.write('fit.R', blocksOf(page, 'r')[0]!);
    project.write('data.csv', `x,y\n${[0, 1, 2, 3, 4].map((x) => `${x},${3 * x * x + 1}\n`).join('')}`);
    const { code, stderr } = project.pipe('run');
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('!');
    const [head, ...rows] = project.read('cache/cells/fit/fit.csv').trim().split('\n');
    expect(head).toBe('"x","y"');
    for (const [x, row] of rows.entries()) expect(Number(row.split(',')[1])).toBeCloseTo(3 * x * x + 1, 6);
    expect(rows).toHaveLength(5);
    expect(metrics()).toEqual([['r2', expect.closeTo(1, 9)]]);
    project.edit('fit.R', (text) => text.replace('"r2"', '"R2"'));
    expect(project.pipe('why', 'fit').stdout).toContain('fit.R');
  });
});
