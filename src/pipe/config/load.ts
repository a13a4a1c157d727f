/**
 * pipeline.yaml → PipelineDocument. Pure: text goes in, a document and everything that is wrong come out.
 */

import type { Diagnostic } from '../../lib/diagnostics/diagnostic.ts';
import type { DiagnosedText } from '../../lib/diagnostics/diagnostics.ts';
import { checkShape, kindOf, mended } from '../../lib/diagnostics/shape.ts';
import { didYouMean } from '../../lib/diagnostics/suggest.ts';
import { entryOf, parseYaml, type YamlEntry, type YamlMap } from '../../lib/diagnostics/yaml-node.ts';
import type { LinkMode, PipelineDocument, StageDoc } from './document.ts';
import { type ExecutorDoc, localName } from './executor-doc.ts';
import { loadCache } from './load-cache.ts';
import { loadExecutor } from './load-executor.ts';
import { baseSettings, type LoadOptions, overridden, profileExecutor, valueNames } from './load-settings.ts';
import { loadSources } from './load-source.ts';
import { loadStage } from './load-stage.ts';
import { pipelineSchema } from './schema.ts';
import type { Scope } from './scope.ts';
import { type Loaded, named, namesOf } from './section.ts';
import type { RawStage } from './stage-schema.ts';

export interface LoadResult {
  /** Null when the file cannot be read as a pipeline at all; otherwise what is right in it. */
  readonly document: PipelineDocument | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** `file` is the name in positions: the pipeline's path relative to the project. */
export function loadPipeline(text: string, file: string, options: LoadOptions): LoadResult {
  const { root: parsed, diagnostics } = parseYaml(text, file, '`version: 1` and `stages:`');
  const { source, report } = diagnostics;
  if (parsed === null) return { document: null, diagnostics: diagnostics.all };
  if (parsed.kind !== 'map') {
    report('wrong-type', source.at(parsed), `a pipeline is a map of keys, found ${kindOf(parsed)}`);
    return { document: null, diagnostics: diagnostics.all };
  }
  const root = checkTopLevel(parsed, diagnostics);
  const base = baseSettings(root, diagnostics);
  const { types, ...settings } = overridden(base, root, options, diagnostics);
  const scope: Scope = {
    ...settings,
    axisNames: valueNames(base.axes, settings.axes, root),
    shell: topText(root, 'shell', diagnostics) ?? null,
    link: linkOf(root, diagnostics),
    python: topPython(root, diagnostics) ?? 'python3',
    executors: namesOf(root, 'executors'),
    source,
    report,
  };
  const stages = loadStages(root, scope);
  const sources = loadSources(root, scope);
  const document: PipelineDocument = {
    file,
    title: topText(root, 'title', diagnostics) ?? null,
    description: topText(root, 'description', diagnostics) ?? '',
    profile: options.profile,
    profiles: namesOf(root, 'profiles'),
    ...settings,
    resources: loadResources(root, scope),
    executors: loadExecutors(root, scope),
    executor: profileExecutor(root, options.profile, source),
    sources: sources.whole,
    cache: loadCache(root, diagnostics),
    stages: stages.whole,
    broken: new Set([...stages.broken, ...sources.broken]),
  };
  return { document, diagnostics: diagnostics.all };
}

function loadStages(root: YamlMap, scope: Scope): Loaded<StageDoc> {
  const whole = new Map<string, StageDoc>();
  const broken: string[] = [];
  for (const entry of named(root, 'stages', ['source', 'params'], scope)) {
    const stage = loadStage(entry, scope);
    if (stage) whole.set(entry.key, stage);
    else broken.push(entry.key);
  }
  return { whole, broken };
}

function loadResources(root: YamlMap, { source, report }: DiagnosedText): ReadonlyMap<string, number> {
  const resources = new Map<string, number>();
  for (const entry of named(root, 'resources', ['cpu', 'gpu', 'memory'], { source, report })) {
    const amount = checkShape(pipelineSchema.shape.resources, single(entry), 'the file', { source, report });
    for (const [name, value] of Object.entries(amount?.value ?? {})) resources.set(name, value);
  }
  return resources;
}

function loadExecutors(root: YamlMap, { source, report }: DiagnosedText): ReadonlyMap<string, ExecutorDoc> {
  const executors = new Map<string, ExecutorDoc>();
  for (const entry of named(root, 'executors', [localName], { source, report })) {
    const executor = loadExecutor(entry, namesOf(root, 'stages'), { source, report });
    if (executor) executors.set(entry.key, executor);
  }
  return executors;
}

/** Checks the keys of the file and its version. The file as it is to be understood: unknown keys mended. */
function checkTopLevel(parsed: YamlMap, { source, report }: DiagnosedText): YamlMap {
  const known = Object.keys(pipelineSchema.shape);
  const unknown = parsed.entries.filter((entry) => !known.includes(entry.key));
  for (const entry of unknown) {
    const hint = didYouMean(entry.key, known) ?? `it may hold ${known.map((key) => `\`${key}\``).join(', ')}`;
    report('unknown-key', source.at(entry.keySpan), `a pipeline has no key \`${entry.key}\``, hint);
  }
  const keys = unknown.map((entry) => entry.key);
  const understood = mended(parsed, [], keys, known);
  const root = understood.kind === 'map' ? understood : parsed;
  const top = source.at({
    start: root.entries[0]?.keySpan.start ?? 0,
    end: root.entries[0]?.keySpan.end ?? 1,
  });
  const version = entryOf(root, 'version');
  if (!version) report('missing-key', top, 'the file lacks `version`', 'start with `version: 1`');
  else checkShape(pipelineSchema.shape.version, version.value, '`version`', { source, report });
  if (!entryOf(root, 'stages')) report('missing-key', top, 'the file lacks `stages`');
  return root;
}

function topText(
  root: YamlMap,
  key: 'title' | 'description' | 'shell',
  { source, report }: DiagnosedText,
): string | undefined {
  const entry = entryOf(root, key);
  return entry && checkShape(pipelineSchema.shape[key], entry.value, `\`${key}\``, { source, report })?.value;
}

function linkOf(root: YamlMap, { source, report }: DiagnosedText): LinkMode {
  const entry = entryOf(root, 'link');
  const read = entry && checkShape(pipelineSchema.shape.link, entry.value, '`link`', { source, report });
  return read?.value ?? 'auto';
}

function topPython(root: YamlMap, { source, report }: DiagnosedText): RawStage['python'] {
  const entry = entryOf(root, 'python');
  return entry && checkShape(pipelineSchema.shape.python, entry.value, '`python`', { source, report })?.value;
}

function single(entry: YamlEntry): YamlMap {
  return { kind: 'map', entries: [entry], start: entry.keySpan.start, end: entry.value.end };
}
