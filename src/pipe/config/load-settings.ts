/** Params and axes: as the file gives them, then as a profile and --set change them. */

import type { DiagnosedText, Report } from '../../lib/diagnostics/diagnostics.ts';
import { checkShape, kindOf } from '../../lib/diagnostics/shape.ts';
import type { SourceText } from '../../lib/diagnostics/source-text.ts';
import { entryOf, toJson, type YamlMap, type YamlNode } from '../../lib/diagnostics/yaml-node.ts';
import { isJsonObject } from '../../lib/json.ts';
import { buildAxis } from './axis.ts';
import type { Axis } from './document.ts';
import { checkExecutor } from './load-executor.ts';
import { applyOverride, parseSet, profileChain, type Settings } from './override.ts';
import { type ParamsLayer, ParamsSchema } from './params-schema.ts';
import { profileSchema } from './schema.ts';
import { named, namesOf } from './section.ts';
import { parseTemplate } from './template.ts';

/** What the command line chooses. */
export interface LoadOptions {
  readonly profile: string | null;
  /** Arguments of --set: `train.epochs=10`, `axes.seed=[0,1]`. */
  readonly set: readonly string[];
}

/** What stands before the first dot of a reference and is no axis. */
const referenceHeads = ['params', 'deps', 'outs', 'cell', 'stage', 'resources', 'checkpoint'];

/** What the file itself gives. */
export function baseSettings(root: YamlMap, { source, report }: DiagnosedText): Settings {
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

/** What the chosen profile and --set make of `base`; every profile is checked, chosen or not. */
export function overridden(
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
export function valueNames(
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

/** What the profile, or one that it extends, says; the last word counts. */
export function profileExecutor(root: YamlMap, profile: string | null, source: SourceText): string | null {
  if (profile === null) return null;
  const chain = profileChain(profile, entryOf(root, 'profiles')?.value, { source, report: unsaid }) ?? [];
  const named = chain.flatMap((one) => {
    const node = entryOf(one, 'executor')?.value;
    return node?.kind === 'scalar' && typeof node.value === 'string' ? [node.value] : [];
  });
  return named.at(-1) ?? null;
}
