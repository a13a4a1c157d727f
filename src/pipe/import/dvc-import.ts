/** dvc.yaml → a pipeline file, and what could not be taken over. */
import { posix } from 'node:path';
import { stringify } from 'yaml';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { checkShape } from '../../lib/diagnostics/shape.ts';
import type { SourceText } from '../../lib/diagnostics/source-text.ts';
import { nodeAt, parseYaml, type YamlNode } from '../../lib/diagnostics/yaml-node.ts';
import type { Json } from '../../lib/json.ts';
import { loadPipeline } from '../config/load.ts';
import { plan } from '../plan/plan.ts';
import { type Link, linksOf } from './dvc-links.ts';
import { type DvcFile, dvcSchema } from './dvc-schema.ts';
import { type Note, outNamesOf, stageText } from './dvc-stage-text.ts';
import { UnknownReference } from './dvc-template.ts';
import { AxisNames, NeedsExpansion, type Unit, unitsOf } from './dvc-units.ts';
import { DvcValues } from './dvc-values.ts';

export interface Imported {
  /** The pipeline file. */
  readonly text: string;
  readonly stages: number;
  /** What was not taken over, each with its place: `dvc.yaml:12: …`. */
  readonly notes: readonly string[];
}

export interface DvcSource {
  readonly text: string;
  /** Relative to the project. */
  readonly file: string;
  /** Absolute path of the project. */
  readonly project: string;
}

/** @throws UserError with every diagnostic where it is no dvc.yaml */
export function importDvc({ text, file, project }: DvcSource): Imported {
  const { dvc, root, source } = read(text, file);
  const folder = posix.dirname(file);
  const values = new DvcValues(project);
  const notes = new Map<string, Note>();
  const note = (path: Note['path'], said: string) =>
    notes.set(`${path.join('.')}: ${said}`, { path, text: said });
  for (const [name, why] of values.addGlobals(dvc.vars, folder)) note(['vars'], `${name}: ${why}`);
  for (const key of Object.keys(dvc))
    if (!['stages', 'vars', 'params'].includes(key)) note([key], topNotes[key] ?? 'has no counterpart');
  const { units, links } = linked(dvc, { values, folder });
  const outNames = new Map(units.map((unit) => [unit, outNamesOf(unit)]));
  const sources = new Map<string, string>();
  const sourceFor = (path: string) => {
    const known = sources.get(path);
    if (known !== undefined) return known;
    const plain = posix
      .basename(path)
      .replace(/\.[^.]*$/, '')
      .replaceAll(/\W+/g, '_')
      .replace(/^(?![A-Za-z_])/, '_');
    const name = [...sources.values()].includes(plain) ? `${plain}_${sources.size}` : plain;
    sources.set(path, name);
    return name;
  };
  const stages: Record<string, Json> = {};
  for (const unit of units)
    stages[unit.name] = stageText(unit, links.get(unit) ?? [], { values, note, source: sourceFor, outNames });
  noteSplits(units, note);
  noteParams(dvc, note);
  const axes = new Map(units.flatMap((unit) => unit.axes.map((axis) => [axis.axis, axisValue(axis.values)])));
  const document = {
    version: 1,
    ...(Object.keys(values.params).length > 0 ? { params: values.params } : {}),
    ...(axes.size > 0 ? { axes: Object.fromEntries(axes) } : {}),
    ...(sources.size > 0
      ? { sources: Object.fromEntries([...sources].map(([path, name]) => [name, { paths: [path] }])) }
      : {}),
    stages,
  };
  const listed = [...notes.values()].map(
    (one) => `${file}:${lineOf(one.path, root, source)}: ${one.path.join('.')}: ${one.text}`,
  );
  const all = [...listed, ...mistakesIn(pipelineText(document, file, listed))];
  return { text: pipelineText(document, file, all), stages: units.length, notes: all };
}

/** Something that was taken over and cannot stand as it is: a reference where the shell fills nothing in, two outs at one place. */
function mistakesIn(text: string): readonly string[] {
  const { document, diagnostics } = loadPipeline(text, 'pipeline.yaml', { profile: null, set: [] });
  const planned = document ? plan(document).diagnostics : [];
  return [...diagnostics, ...planned].map(
    ({ message, hint }) => `to be mended: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
}

const topNotes: Readonly<Record<string, string>> = {
  metrics: 'the report shows outs with `report: metrics`',
  plots: 'a figure of the report is a Vega-Lite file with `report: figures`',
  artifacts: 'there is no registry of models: an out is found by its stage and its name',
  datasets: 'data from outside is a source',
};

function read(text: string, file: string): { dvc: DvcFile; root: YamlNode; source: SourceText } {
  const { root, diagnostics } = parseYaml(text, file, '`stages:`');
  const shaped = root && checkShape(dvcSchema, root, 'dvc.yaml', diagnostics);
  if (shaped && root) return { dvc: shaped.value, root, source: diagnostics.source };
  throw new UserError(`${file} cannot be imported`, { code: exitCode.usage, diagnostics: diagnostics.all });
}

/** Stages with a matrix where their edges can be said so; otherwise one for each combination. */
function linked(
  dvc: DvcFile,
  { values, folder }: { readonly values: DvcValues; readonly folder: string },
): { readonly units: readonly Unit[]; readonly links: ReadonlyMap<Unit, readonly Link[]> } {
  const expanded = new Set<string>();
  const families = Object.entries(dvc.stages);
  for (;;) {
    const names = new AxisNames();
    const units = families.flatMap(([family, stage]) => {
      try {
        const made = unitsOf(family, stage, expanded.has(family), { values, names, folder });
        // What only each combination by itself can say shows when it is written.
        if (!expanded.has(family)) for (const unit of made) tryText(unit, values);
        return made;
      } catch (error) {
        if (error instanceof UnknownReference)
          throw new UserError(`stage ${family}: ${error.message}`, {
            code: exitCode.usage,
            hint: 'add it to params.yaml or to `vars`',
          });
        if (!(error instanceof NeedsExpansion)) throw error;
        expanded.add(family);
        return unitsOf(family, stage, true, { values, names, folder });
      }
    });
    const { links, expand } = linksOf(units);
    const more = [...expand].filter((family) => !expanded.has(family));
    if (more.length === 0) return { units, links };
    for (const family of more) expanded.add(family);
  }
}

function tryText(unit: Unit, values: DvcValues): void {
  const outNames = new Map([[unit, outNamesOf(unit)]]);
  const links = unit.deps.map((_, dep): Link => ({ kind: 'path', dep }));
  stageText(unit, links, { values, note: () => {}, source: () => 'x', outNames });
}

function noteSplits(units: readonly Unit[], note: (path: Note['path'], text: string) => void): void {
  const counts = new Map<string, number>();
  for (const { family } of units) counts.set(family, (counts.get(family) ?? 0) + 1);
  for (const [family, count] of counts)
    if (count > 1)
      note(
        ['stages', family],
        `is ${count} stages here: a matrix cannot say which of its cells another stage reads`,
      );
}

/** Scripts read params files by themselves: the file decides, and the copies in the pipeline file are for `${params.…}`. */
function noteParams(dvc: DvcFile, note: (path: Note['path'], text: string) => void): void {
  const tracking = Object.entries(dvc.stages).find(([, stage]) => {
    const body = 'do' in stage ? stage.do : stage;
    return typeof body === 'object' && body !== null && 'params' in body;
  });
  if (tracking)
    note(
      ['stages', tracking[0], 'params'],
      'scripts that read the file themselves go on doing so: it is their dep, and an edit of any value in it reruns them. `params:` has its values of now; a script that takes them from its job needs the file no more under `deps`',
    );
}

function axisValue(values: Unit['axes'][number]['values']): Json {
  const plain = values.every(
    ({ name, value }) => (typeof value !== 'object' || value === null) && String(value) === name,
  );
  return plain
    ? values.map(({ value }) => value)
    : Object.fromEntries(values.map(({ name, value }) => [name, value]));
}

function lineOf(path: Note['path'], root: YamlNode, source: SourceText): number {
  const { node, keySpan } = nodeAt(root, path);
  return source.at(keySpan ?? node).line;
}

function pipelineText(document: object, file: string, notes: readonly string[]): string {
  const head = [
    `# Made from ${file} by \`pipe import\`.`,
    ...(notes.length > 0
      ? ['# Not taken over, or not as it was:', ...notes.map((one) => `#   ${one.replaceAll('\n', ' ')}`)]
      : []),
  ];
  return `${head.join('\n')}\n${stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}
