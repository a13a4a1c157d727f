/**
 * pipeline.yaml → PipelineDocument. Pure: text goes in, a document and everything that is wrong come out.
 * Long because it has a function per section of the file.
 */

import type { Diagnostic } from '../../lib/diagnostics/diagnostic.ts';
import type { DiagnosedText, Report } from '../../lib/diagnostics/diagnostics.ts';
import { checkShape, kindOf, mended } from '../../lib/diagnostics/shape.ts';
import type { SourceText } from '../../lib/diagnostics/source-text.ts';
import { didYouMean } from '../../lib/diagnostics/suggest.ts';
import {
  entryOf,
  parseYaml,
  toJson,
  type YamlEntry,
  type YamlMap,
  type YamlNode,
} from '../../lib/diagnostics/yaml-node.ts';
import { isJsonObject } from '../../lib/json.ts';
import { buildAxis } from './axis.ts';
import { byteSize } from './byte-size.ts';
import type { Axis, LinkMode, PipelineDocument, SourceCandidate, SourceDoc, StageDoc } from './document.ts';
import { milliseconds } from './duration.ts';
import { type ExecutorDoc, localName } from './executor-doc.ts';
import { loadCache } from './load-cache.ts';
import { checkExecutor, loadExecutor } from './load-executor.ts';
import { loadStage } from './load-stage.ts';
import { applyOverride, parseSet, profileChain, type Settings } from './override.ts';
import { type ParamsLayer, ParamsSchema } from './params-schema.ts';
import { pipelineSchema, profileSchema, type RawSource, type RawStage, sourceSchema } from './schema.ts';
import type { Scope } from './scope.ts';
import { parseTemplate } from './template.ts';

export interface LoadOptions {
  readonly profile: string | null;
  /** Arguments of --set: `train.epochs=10`, `axes.seed=[0,1]`. */
  readonly set: readonly string[];
}

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

/** Entries of a section: those that can be used, and the names of the others. */
interface Loaded<T> {
  readonly whole: ReadonlyMap<string, T>;
  readonly broken: readonly string[];
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

function loadSources(root: YamlMap, { source, report }: DiagnosedText): Loaded<SourceDoc> {
  const whole = new Map<string, SourceDoc>();
  const broken: string[] = [];
  for (const entry of named(root, 'sources', [], { source, report })) {
    const raw = checkShape(sourceSchema, entry.value, `source \`${entry.key}\``, { source, report });
    if (raw) whole.set(entry.key, loadSource({ ...entry, value: raw.node }, raw.value, { source, report }));
    else broken.push(`source.${entry.key}`);
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

/** Entries of a section that is a map of names; others are reported and left out. */
function named(
  root: YamlMap,
  section: 'stages' | 'sources' | 'resources' | 'axes' | 'profiles' | 'executors',
  reserved: readonly string[],
  { source, report }: DiagnosedText,
): readonly YamlEntry[] {
  const entry = entryOf(root, section);
  if (!entry) return [];
  if (entry.value.kind !== 'map') {
    const empty = entry.value.kind === 'scalar' && entry.value.value === null;
    const at = source.at(empty ? entry.keySpan : entry.value);
    report('wrong-type', at, `\`${section}\`: expected a map, found ${kindOf(entry.value)}`);
    return [];
  }
  return entry.value.entries.filter((one) => {
    const good = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(one.key);
    const at = source.at(one.keySpan);
    if (!good) {
      const message = `\`${one.key.slice(0, 80)}\` is no name: a letter, then letters, digits, \`-\` and \`_\`, at most 64`;
      report('bad-name', at, message);
    } else if (reserved.includes(one.key))
      report('bad-name', at, `\`${one.key}\` has a meaning of its own here`, 'choose another name');
    else return true;
    return false;
  });
}

function namesOf(root: YamlMap, section: 'profiles' | 'executors' | 'stages'): readonly string[] {
  const node = entryOf(root, section)?.value;
  return node?.kind === 'map' ? node.entries.map(({ key }) => key) : [];
}

/** What the profile, or one that it extends, says; the last word counts. */
function profileExecutor(root: YamlMap, profile: string | null, source: SourceText): string | null {
  if (profile === null) return null;
  const chain = profileChain(profile, entryOf(root, 'profiles')?.value, { source, report: unsaid }) ?? [];
  const named = chain.flatMap((one) => {
    const node = entryOf(one, 'executor')?.value;
    return node?.kind === 'scalar' && typeof node.value === 'string' ? [node.value] : [];
  });
  return named.at(-1) ?? null;
}

function single(entry: YamlEntry): YamlMap {
  return { kind: 'map', entries: [entry], start: entry.keySpan.start, end: entry.value.end };
}

/** What stands before the first dot of a reference and is no axis. */
const referenceHeads = ['params', 'deps', 'outs', 'cell', 'stage', 'resources', 'checkpoint'];

function baseSettings(root: YamlMap, { source, report }: DiagnosedText): Settings {
  const axes = new Map<string, Axis>();
  for (const entry of named(root, 'axes', referenceHeads, { source, report })) {
    const axis = buildAxis(entry.key, entry.value, { source, report });
    if (axis) axes.set(entry.key, axis);
    refuseTemplates(entry.value, 'axes', { source, report });
  }
  const types = ParamsSchema.in(root, { source, report });
  const params = entryOf(root, 'params');
  if (!params) return { types, params: {}, axes };
  if (params.value.kind !== 'map') {
    report(
      'wrong-type',
      source.at(params.keySpan),
      `\`params\`: expected a map, found ${kindOf(params.value)}`,
    );
    return { types, params: {}, axes };
  }
  refuseTemplates(params.value, 'params', { source, report });
  const value = toJson(params.value);
  return { types, params: isJsonObject(value) ? value : {}, axes };
}

/** Params and axes are data: a reference in them would be taken literally, which nobody who writes one expects. */
function refuseTemplates(node: YamlNode, section: string, { source, report }: DiagnosedText): void {
  if (node.kind === 'map')
    for (const entry of node.entries) refuseTemplates(entry.value, section, { source, report });
  if (node.kind === 'list') for (const item of node.items) refuseTemplates(item, section, { source, report });
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || !node.value.includes('${')) return;
  if (!parseTemplate(node.value).some((part) => part.kind === 'ref')) return;
  const hint = 'a stage puts values together: write it in the stage’s own `params`';
  report('bad-interpolation', source.at(node), `\`${section}\` cannot refer to other values`, hint);
}

function overridden(
  base: Settings,
  root: YamlMap,
  options: LoadOptions,
  { source, report }: DiagnosedText,
): Settings {
  const profiles = entryOf(root, 'profiles')?.value;
  const own = entryOf(root, 'params');
  const { types } = base;
  const inBase = types?.check(base.params, { node: own?.value, source, at: own?.keySpan ?? root }, report);
  // All profiles are checked, also those that this run does not use: a mistake must not wait for its first use.
  for (const entry of named(root, 'profiles', [], { source, report })) {
    const raw = checkShape(profileSchema, entry.value, `profile \`${entry.key}\``, { source, report });
    if (!raw) continue;
    const executor = entryOf(raw.node, 'executor')?.value;
    if (executor && raw.value.executor !== undefined)
      checkExecutor(raw.value.executor, namesOf(root, 'executors'), source.at(executor), report);
    const chain = profileChain(entry.key, profiles, { source, report: onlyInFile(report) });
    chain?.reduce((settings, one) => applyOverride(settings, one, { source, report: unsaid }), base);
    if (!chain) continue;
    const { params } = applyOverride(chainSettings(base, chain.slice(0, -1), source), entry.value, {
      source,
      report,
    });
    const before = types?.check(
      chainSettings(base, chain.slice(0, -1), source).params,
      nowhere(source),
      unsaid,
    );
    const given = entryOf(entry.value, 'params')?.value;
    types?.check(
      params,
      { node: given, source, at: entry.keySpan },
      report,
      new Set([...(inBase ?? []), ...(before ?? [])]),
    );
  }
  const chain =
    options.profile === null
      ? []
      : profileChain(options.profile, profiles, { source, report: onlyOutside(report) });
  const { override, source: setSource } = parseSet(options.set, report);
  const chosen = chainSettings(base, chain ?? [], source);
  const settings = applyOverride(chosen, override, { source: setSource, report });
  const before = types?.check(chosen.params, nowhere(source), unsaid);
  const given = { node: entryOf(override, 'params')?.value, source: setSource, at: override };
  types?.check(settings.params, given, report, before);
  return settings;
}

/** For what is only looked at. */
function nowhere(source: SourceText): ParamsLayer {
  return { node: undefined, source, at: { start: 0, end: 0 } };
}

function chainSettings(base: Settings, chain: readonly YamlNode[], source: SourceText): Settings {
  return chain.reduce((settings, one) => applyOverride(settings, one, { source, report: unsaid }), base);
}

/** What is reported elsewhere. */
const unsaid: Report = () => {};

function onlyInFile(report: Report): Report {
  return (rule, at, message, hint) => {
    if (at.file !== '--profile') report(rule, at, message, hint);
  };
}
/** A chain of the file's own profiles has been reported already when they were checked one by one. */
function onlyOutside(report: Report): Report {
  return (rule, at, message, hint) => {
    if (at.file === '--profile') report(rule, at, message, hint);
  };
}

/** Names that each axis has, or had before a profile or --set: patterns in a matrix may go on naming those. */
function valueNames(
  base: Settings['axes'],
  settings: Settings['axes'],
  root: YamlMap,
): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>();
  const add = (axis: string, name: string): void => {
    const known = names.get(axis) ?? new Set();
    names.set(axis, known.add(name));
  };
  for (const axes of [base, settings]) {
    for (const axis of axes.values()) for (const value of axis.values) add(axis.name, value.name);
  }
  const profiles = entryOf(root, 'profiles')?.value;
  for (const profile of profiles?.kind === 'map' ? profiles.entries : []) {
    const axes = entryOf(profile.value, 'axes')?.value;
    for (const axis of axes?.kind === 'map' ? axes.entries : []) {
      if (axis.value.kind === 'map') for (const value of axis.value.entries) add(axis.key, value.key);
      if (axis.value.kind === 'list') {
        for (const value of axis.value.items) if (value.kind === 'scalar') add(axis.key, String(value.value));
      }
    }
  }
  // An axis that is itself wrong has been reported; that a stage names it is not a second mistake.
  const axes = entryOf(root, 'axes')?.value;
  for (const axis of axes?.kind === 'map' ? axes.entries : []) {
    if (!names.has(axis.key)) names.set(axis.key, new Set());
  }
  return names;
}

function loadSource(entry: YamlEntry, raw: RawSource, { source, report }: DiagnosedText): SourceDoc {
  const paths = entryOf(entry.value, 'paths')?.value;
  const candidates = (raw.paths ?? []).map((candidate, index): SourceCandidate => {
    const node = paths?.kind === 'list' ? paths.items[index] : undefined;
    const at = source.at(node ?? entry.keySpan);
    return typeof candidate === 'string'
      ? { path: candidate, sha256: null, at }
      : { path: candidate.path, sha256: candidate.sha256 ?? null, at };
  });
  const at = source.at(entry.keySpan);
  if (candidates.length === 0 && raw.url === undefined) {
    report('empty-source', at, `source \`${entry.key}\` has neither \`paths\` nor \`url\``);
  }
  for (const candidate of candidates) {
    if (!candidate.path.includes('\0')) continue;
    report('bad-path', candidate.at, 'the path holds a NUL character');
  }
  if (raw.url !== undefined && raw.sha256 === undefined) {
    const where = source.at(entryOf(entry.value, 'url')?.value ?? entry.keySpan);
    report(
      'missing-key',
      where,
      `source \`${entry.key}\` has a \`url\` without \`sha256\``,
      'a download is always checked',
    );
  }
  return {
    name: entry.key,
    candidates,
    url: raw.url ?? null,
    sha256: raw.sha256 ?? null,
    unpack: raw.unpack ?? 'none',
    strip: raw.strip ?? '',
    limits: {
      bytes: byteSize(raw.limits?.size ?? null),
      ms: milliseconds(raw.limits?.time ?? ''),
      unpacked: byteSize(raw.limits?.unpacked ?? null),
    },
    description: raw.description ?? '',
    at,
  };
}
