/**
 * A run as a Workflow Run Crate (https://w3id.org/ro/wfrun/workflow/0.5): a folder's ro-crate-metadata.json, JSON-LD that says which
 * workflow ran, when, with which params, and which files came out. Pure.
 */
import type { Json, JsonObject } from '../../lib/json.ts';
import { version } from '../version.ts';

export interface CrateFacts {
  readonly title: string;
  readonly description: string;
  /** An SPDX identifier, or a URL. */
  readonly license: string;
  readonly run: string;
  /** ISO 8601. */
  readonly started: string;
  readonly ended: string;
  /** Null: it ended well. */
  readonly failure: string | null;
  readonly revision: string | null;
  /** The command that runs it again. */
  readonly command: string;
  /** Name of the pipeline file in the crate. */
  readonly pipeline: string;
  /** Flat names with their values as text. */
  readonly params: readonly (readonly [string, string])[];
  readonly files: readonly CrateFile[];
}

export interface CrateFile {
  /** In the crate, with forward slashes. */
  readonly path: string;
  readonly name: string;
  /** Media type. */
  readonly type: string;
  readonly bytes: number;
  /** An out of the workflow; null: it describes the run. */
  readonly output: string | null;
}

const profiles = [
  ['https://w3id.org/ro/wfrun/process/0.5', 'Process Run Crate', '0.5'],
  ['https://w3id.org/ro/wfrun/workflow/0.5', 'Workflow Run Crate', '0.5'],
  ['https://w3id.org/workflowhub/workflow-ro-crate/1.0', 'Workflow RO-Crate', '1.0'],
] as const;
const parameterProfile = 'https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE';

export function roCrate(facts: CrateFacts): JsonObject {
  const outputs = facts.files.filter(({ output }) => output !== null);
  const license = /^https?:/.test(facts.license)
    ? facts.license
    : `https://spdx.org/licenses/${facts.license}`;
  return {
    '@context': ['https://w3id.org/ro/crate/1.1/context', 'https://w3id.org/ro/terms/workflow-run/context'],
    '@graph': [
      {
        '@id': 'ro-crate-metadata.json',
        '@type': 'CreativeWork',
        conformsTo: { '@id': 'https://w3id.org/ro/crate/1.1' },
        about: { '@id': './' },
      },
      {
        '@id': './',
        '@type': 'Dataset',
        name: facts.title,
        description: facts.description === '' ? `Results of run ${facts.run}` : facts.description,
        datePublished: facts.ended,
        license: { '@id': license },
        conformsTo: profiles.map(([id]) => ({ '@id': id })),
        hasPart: [facts.pipeline, ...facts.files.map(({ path }) => path)].map(idOf),
        mainEntity: idOf(facts.pipeline),
        mentions: { '@id': `#${facts.run}` },
      },
      ...profiles.map(([id, name, number]) => ({
        '@id': id,
        '@type': 'CreativeWork',
        name,
        version: number,
      })),
      { '@id': license, '@type': 'CreativeWork', name: facts.license, identifier: facts.license },
      workflow(facts, outputs),
      {
        '@id': '#pipe',
        '@type': 'ComputerLanguage',
        name: 'pipe',
        version,
        url: { '@id': 'https://github.com/pipe-experiments/pipe' },
      },
      action(facts, outputs),
      ...facts.params.flatMap(([name, value]) => param(name, value)),
      ...facts.files.flatMap(fileEntities),
    ],
  };
}

function workflow({ pipeline, title, params }: CrateFacts, outputs: readonly CrateFile[]): JsonObject {
  return {
    '@id': encodeURI(pipeline),
    '@type': ['File', 'SoftwareSourceCode', 'ComputationalWorkflow'],
    name: title,
    encodingFormat: 'application/yaml',
    programmingLanguage: { '@id': '#pipe' },
    input: params.map(([name]) => ({ '@id': inputId(name) })),
    output: outputs.map(({ output }) => ({ '@id': outputId(output ?? '') })),
  };
}

function action(facts: CrateFacts, outputs: readonly CrateFile[]): JsonObject {
  const { run, started, ended, failure, command, revision, params, pipeline } = facts;
  return {
    '@id': `#${run}`,
    '@type': 'CreateAction',
    name: `Run ${run}`,
    description: revision === null ? command : `${command} (revision ${revision})`,
    instrument: idOf(pipeline),
    startTime: started,
    endTime: ended,
    actionStatus: {
      '@id': `http://schema.org/${failure === null ? 'CompletedActionStatus' : 'FailedActionStatus'}`,
    },
    ...(failure === null ? {} : { error: failure }),
    object: params.map(([name]) => ({ '@id': valueId(name) })),
    result: outputs.map(({ path }) => idOf(path)),
  };
}

/** The workflow's parameter, and the value that the run gave it. */
function param(name: string, value: string): readonly JsonObject[] {
  return [
    {
      ...formal(inputId(name), name, /^-?[\d.]+(?:e[+-]?\d+)?$/i.test(value) ? 'Number' : 'Text'),
      workExample: { '@id': valueId(name) },
    },
    {
      '@id': valueId(name),
      '@type': 'PropertyValue',
      name,
      value,
      exampleOfWork: { '@id': inputId(name) },
    },
  ];
}

function fileEntities({ path, name, type, bytes, output }: CrateFile): readonly Json[] {
  const file = {
    ...idOf(path),
    '@type': 'File',
    name,
    encodingFormat: type,
    contentSize: String(bytes),
    ...(output === null ? {} : { exampleOfWork: { '@id': outputId(output) } }),
  };
  return output === null
    ? [file]
    : [file, { ...formal(outputId(output), output, 'File'), workExample: idOf(path) }];
}

function formal(id: string, name: string, kind: string): JsonObject {
  return {
    '@id': id,
    '@type': 'FormalParameter',
    conformsTo: { '@id': parameterProfile },
    name,
    additionalType: kind,
  };
}

function idOf(path: string): JsonObject {
  return { '@id': encodeURI(path) };
}

function inputId(name: string): string {
  return `#input-${encodeURIComponent(name)}`;
}

function outputId(name: string): string {
  return `#output-${encodeURIComponent(name)}`;
}

function valueId(name: string): string {
  return `#value-${encodeURIComponent(name)}`;
}
