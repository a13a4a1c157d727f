/** A run as a Workflow Run RO-Crate 0.5, held against what its profiles require (MUST and SHOULD of each, as they are written). */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';

type Entity = Readonly<Record<string, unknown>> & {
  readonly '@id': string;
  readonly '@type': string | readonly string[];
};

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
let crate: { readonly '@context': unknown; readonly '@graph': readonly Entity[] };
beforeAll(async () => {
  pipe = await buildPipe();
  project = new CliProject(pipe.file);
  project.write('package.json', '{"license": "MIT"}');
  project.write(
    'pipeline.yaml',
    `version: 1
title: A study
params: {gain: 3, train: {name: a b}}
axes: {seed: [0, 1]}
stages:
  measure:
    cmd: printf '{"accuracy":%s%s}' \${params.gain} \${seed} > \${outs.m}; echo \${params.train.name}
    matrix: [seed]
    outs: {m: {path: m.json, report: metrics}}
`,
  );
  expect(project.pipe('run', '-q').code).toBe(0);
  // What is exported is the run: the file has moved on.
  project.edit('pipeline.yaml', (text) => text.replace('gain: 3', 'gain: 4'));
  const { code, stdout } = project.pipe('export', '--ro-crate', 'crate');
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^crate: run \S+, 5 files\n$/),
  });
  crate = JSON.parse(project.read('crate/ro-crate-metadata.json'));
});
afterAll(() => {
  project?.remove();
  pipe?.remove();
});

const ids = (value: unknown): readonly string[] =>
  [value]
    .flat()
    .flatMap((one) => (typeof one === 'object' && one !== null && '@id' in one ? [String(one['@id'])] : []));
const entity = (id: string): Entity => {
  const found = crate['@graph'].filter((one) => one['@id'] === id);
  expect(found, id).toHaveLength(1);
  return found[0]!;
};
const typesOf = (one: Entity): readonly string[] => [one['@type']].flat() as readonly string[];
const ofType = (type: string) => crate['@graph'].filter((one) => typesOf(one).includes(type));

describe('RO-Crate 1.1', () => {
  test('the descriptor conforms to 1.1 and is about the root, which has name, description, date and licence', () => {
    expect(crate['@context']).toEqual([
      'https://w3id.org/ro/crate/1.1/context',
      'https://w3id.org/ro/terms/workflow-run/context',
    ]);
    const descriptor = entity('ro-crate-metadata.json');
    expect(typesOf(descriptor)).toEqual(['CreativeWork']);
    expect(ids(descriptor.conformsTo)).toEqual(['https://w3id.org/ro/crate/1.1']);
    expect(ids(descriptor.about)).toEqual(['./']);
    const root = entity('./');
    expect(root).toMatchObject({
      '@type': 'Dataset',
      name: 'A study',
      description: expect.stringMatching(/./),
    });
    expect(root.datePublished).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(entity(ids(root.license)[0]!)).toMatchObject({ '@type': 'CreativeWork', name: 'MIT' });
  });

  test('every file is part of the root and is there, and every file that is there is described', () => {
    const parts = ids(entity('./').hasPart);
    expect(
      ofType('File')
        .map((one) => one['@id'])
        .toSorted(),
    ).toEqual(parts.toSorted());
    for (const path of parts)
      expect(existsSync(join(project.dir, 'crate', decodeURI(path))), path).toBe(true);
    const there = readdirSync(join(project.dir, 'crate'), { recursive: true, withFileTypes: true }).filter(
      (one) => one.isFile(),
    );
    expect(there).toHaveLength(parts.length + 1);
  });

  test('no id stands twice, and what is referred to by # is in the graph', () => {
    const all = crate['@graph'].map((one) => one['@id']);
    expect(new Set(all).size).toBe(all.length);
    const referred = JSON.stringify(crate['@graph']).match(/"@id":"(#[^"]*)"/g) ?? [];
    for (const one of referred) expect(all).toContain(one.slice(7, -1));
  });
});

describe('Workflow RO-Crate 1.0 and Workflow Run Crate 0.5', () => {
  test('the root conforms to the three profiles, each described', () => {
    const profiles = ids(entity('./').conformsTo);
    expect(profiles).toEqual([
      'https://w3id.org/ro/wfrun/process/0.5',
      'https://w3id.org/ro/wfrun/workflow/0.5',
      'https://w3id.org/workflowhub/workflow-ro-crate/1.0',
    ]);
    for (const id of profiles)
      expect(entity(id)).toMatchObject({ '@type': 'CreativeWork', version: expect.any(String) });
  });

  test('the main entity is a computational workflow in a language that is described, and is the file that ran', () => {
    const workflow = entity(ids(entity('./').mainEntity)[0]!);
    expect(typesOf(workflow)).toEqual(['File', 'SoftwareSourceCode', 'ComputationalWorkflow']);
    expect(entity(ids(workflow.programmingLanguage)[0]!)).toMatchObject({
      '@type': 'ComputerLanguage',
      name: 'pipe',
    });
    expect(project.read('crate/pipeline.yaml')).toContain('gain: 3');
  });

  test('one action, which the root mentions, has the workflow as instrument, times, a status, values and results', () => {
    const [action, ...more] = ofType('CreateAction');
    expect(more).toEqual([]);
    expect(ids(entity('./').mentions)).toEqual([action!['@id']]);
    expect(ids(action!.instrument)).toEqual(ids(entity('./').mainEntity));
    expect(Date.parse(String(action!.endTime))).toBeGreaterThanOrEqual(Date.parse(String(action!.startTime)));
    expect(ids(action!.actionStatus)).toEqual(['http://schema.org/CompletedActionStatus']);
    expect(ids(action!.object).map((id) => [entity(id).name, entity(id).value])).toEqual([
      ['gain', '3'],
      ['train.name', 'a b'],
    ]);
    expect(ids(action!.result)).toHaveLength(2);
  });

  test('each value and result is an example of a formal parameter of the workflow, which says its type', () => {
    const workflow = ofType('ComputationalWorkflow')[0]!;
    const [action] = ofType('CreateAction');
    for (const [side, slots] of [
      ['object', 'input'],
      ['result', 'output'],
    ] as const) {
      const slotsOfValues = ids(action![side]).flatMap((id) => ids(entity(id).exampleOfWork));
      expect(slotsOfValues.toSorted()).toEqual(ids(workflow[slots]).toSorted());
    }
    for (const parameter of ofType('FormalParameter')) {
      expect(parameter).toMatchObject({
        name: expect.any(String),
        additionalType: expect.stringMatching(/^(Text|Number|File)$/),
      });
      expect(ids(parameter.conformsTo)).toEqual([
        'https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE',
      ]);
    }
  });
});

test('a run that failed says so, a folder that holds something is not written to, and a licence must be known', () => {
  expect(project.pipe('export', '--ro-crate', 'crate')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/holds something already/),
  });
  project.edit('pipeline.yaml', (text) => text.replace('printf', 'false; printf'));
  expect(project.pipe('run', '-q').code).toBe(1);
  expect(project.pipe('export', '--ro-crate', 'failed').code).toBe(0);
  const failed = JSON.parse(project.read('failed/ro-crate-metadata.json'))['@graph'].find(
    (one: Entity) => one['@type'] === 'CreateAction',
  );
  expect(failed).toMatchObject({
    actionStatus: { '@id': 'http://schema.org/FailedActionStatus' },
    error: expect.stringMatching(/exit code 1/),
  });
  project.write('package.json', '{}');
  expect(project.pipe('export', '--ro-crate', 'other')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--license/),
  });
  expect(project.pipe('export', '--ro-crate', 'other', '--license', 'CC-BY-4.0').code).toBe(0);
});
