/** One stage of dvc.yaml as a stage of a pipeline file, and what of it has no counterpart there. */
import { basename, extname, posix } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { commandFor, type Mention } from './dvc-command.ts';
import type { Link } from './dvc-links.ts';
import { knownKeys } from './dvc-schema.ts';
import { filledText, translated } from './dvc-template.ts';
import { type OutEntry, projectPath, type Unit } from './dvc-units.ts';
import { type DvcValues, referenceTo } from './dvc-values.ts';

/** Something that was not taken over, or not as it was. */
export interface Note {
  /** Where in dvc.yaml: keys and positions of lists. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

export interface DvcContext {
  readonly values: DvcValues;
  readonly note: (path: Note['path'], text: string) => void;
  /** Data from outside the project, by path; gives the source's name. */
  readonly source: (path: string) => string;
  /** Names of the outs of every unit, in the order of its outs. */
  readonly outNames: ReadonlyMap<Unit, readonly string[]>;
}

type StageText = Record<string, Json>;

export function stageText(unit: Unit, links: readonly Link[], context: DvcContext): StageText {
  const { body, family } = unit;
  const note = (key: string, text: string) => context.note(['stages', family, key], text);
  const deps = new Map<string, string>();
  const mentions: Mention[] = [];
  const base = posix.join(unit.folder, translated(body.wdir ?? '.', unit.meanings));
  for (const link of links) addDep(unit, link, { ...context, deps, mentions, base, note });
  const params = paramsOf(unit, deps, { ...context, note });
  const names = context.outNames.get(unit) ?? [];
  for (const [index, { text }] of unit.outs.entries())
    mentions.push({ texts: [text], name: `outs.${names[index] ?? ''}`, rest: '' });
  const command = commandFor(unit, mentions);
  const outs: Record<string, Json> = {};
  for (const [index, out] of unit.outs.entries()) {
    const name = names[index] ?? '';
    const moved = command.unmentioned.has(`outs.${name}`);
    outs[name] = outText(out, { base, unit, moved, note });
  }
  const unread = [...command.unmentioned].filter((name) => name.startsWith('deps.'));
  if (unread.length > 0)
    note(
      'deps',
      `the command does not name ${unread.map((name) => `\${${name}}`).join(', ')}: it reads them where dvc.yaml has them, and there they are put`,
    );
  for (const key of Object.keys(body)) if (!knownKeys.has(key)) note(key, 'has no counterpart');
  if (unit.outs.length === 0)
    note('cmd', 'the stage has no outs: it runs when something that it reads changes');
  if ((body.frozen ?? false) && unit.outs.length > 0)
    note('frozen', `what it made is to lie in cache/cells/${unit.name}: copy it there from where DVC has it`);
  return {
    ...(body.desc ? { description: translated(body.desc, unit.meanings) } : {}),
    cmd: command.text,
    ...(unit.axes.length > 0 ? { matrix: unit.axes.map(({ axis }) => axis) } : {}),
    ...(deps.size > 0 ? { deps: Object.fromEntries(deps) } : {}),
    ...(Object.keys(params).length > 0 ? { params } : {}),
    outs,
    ...(body.frozen ? { frozen: 'frozen in dvc.yaml' } : {}),
    ...(body.always_changed ? { always: true } : {}),
  };
}

/** A name per out: the end of its path, without what differs from cell to cell. */
export function outNamesOf(unit: Unit): readonly string[] {
  const taken = new Set<string>();
  return unit.outs.map(({ text }) => freeName(text, taken));
}

interface Adding extends DvcContext {
  readonly deps: Map<string, string>;
  readonly mentions: Mention[];
  readonly base: string;
}

type Say = { readonly note: (key: string, text: string) => void };

function addDep(unit: Unit, link: Link, adding: Omit<Adding, 'note'> & Say): void {
  const { deps, mentions, base } = adding;
  const taken = new Set(deps.keys());
  if (link.kind === 'out' || link.kind === 'gather') {
    const out = adding.outNames.get(link.unit)?.[link.out] ?? '';
    const ref = `${link.unit.name}.${out}`;
    const known = [...deps].find(([, other]) => other === ref)?.[0];
    const name = known ?? freeName(out, taken);
    deps.set(name, ref);
    const texts = (link.kind === 'out' ? [link.dep] : link.deps).map((dep) => unit.deps[dep] ?? '');
    if (!link.whole)
      adding.note(
        'deps',
        `${texts[0]} is a folder that holds outs of ${link.unit.family}: they are read there`,
      );
    else mentions.push({ texts, name: `deps.${name}`, rest: link.kind === 'out' ? link.rest : '' });
    return;
  }
  const text = unit.deps[link.dep] ?? '';
  if (link.kind === 'remote') {
    adding.note('deps', `${text} is an address: data from outside is a source with a url and its sha256`);
    return;
  }
  const name = freeName(text, taken);
  if (link.kind === 'outside') {
    deps.set(name, `source.${adding.source(unit.instances[0]?.deps[link.dep] ?? text)}`);
    return;
  }
  deps.set(name, pathRef(projectPath(base, translated(text, unit.meanings))));
}

/** Tracked params by value, and the files that the command reads them from. */
function paramsOf(
  unit: Unit,
  deps: Map<string, string>,
  { values, note }: Pick<Adding, 'values'> & Say,
): JsonObject {
  const params: Record<string, Json> = {};
  const files = new Set<string>();
  const { body, meanings, folder } = unit;
  const base = posix.join(folder, filledText(body.wdir ?? '.', meanings));
  const track = (file: string, key: string | null) => {
    const path = projectPath(base, file);
    const place = values.tracked(path, key);
    files.add(path);
    const read = values.read(path);
    if (place === undefined) {
      const why = read.kind === 'unread' ? read.why : `it has no ${key}`;
      note('params', `${file}${key === null ? '' : `, ${key}`}: ${why}; the whole file is a dep`);
      return;
    }
    if (place.length === 0)
      for (const name of Object.keys(read.kind === 'values' ? read.values : {})) put(params, [name], values);
    else put(params, place, values);
  };
  for (const one of body.params ?? []) {
    if (typeof one === 'string') track('params.yaml', filledText(one, meanings));
    else
      for (const [file, keys] of Object.entries(one)) {
        const list = Array.isArray(keys) ? keys : [];
        if (list.length === 0) track(filledText(file, meanings), null);
        for (const key of list) track(filledText(file, meanings), filledText(String(key), meanings));
      }
  }
  for (const path of files)
    if (![...deps.values()].includes(pathRef(path)))
      deps.set(freeName(path, new Set(deps.keys())), pathRef(path));
  return params;
}

function put(params: Record<string, Json>, path: readonly string[], values: DvcValues): void {
  const reference = referenceTo(values.params, path);
  const value = reference === null ? (values.meaning(path)?.value ?? null) : `\${${reference}}`;
  let at = params;
  for (const step of path.slice(0, -1)) {
    const inner = at[step];
    const next: Record<string, Json> = isJsonObject(inner) ? { ...inner } : {};
    at[step] = next;
    at = next;
  }
  at[path.at(-1) ?? ''] = value;
}

function outText(
  { text, options, list }: OutEntry,
  { base, unit, moved, note }: { readonly base: string; readonly unit: Unit; readonly moved: boolean } & Say,
): JsonObject {
  const written = projectPath(base, translated(text, unit.meanings));
  if (moved)
    note(
      list,
      `the command does not name ${text}: it is moved from there when the command has ended; better let it write to \${outs.…}`,
    );
  if (options.cache === false)
    note(list, `${text}, cache: false: pipe keeps every out in its store, and puts a copy at that path too`);
  if (options.persist === true)
    note(
      list,
      `${text}, persist: true: a stage begins without its earlier outs; \`checkpoint: true\` gives it a folder that stays`,
    );
  if (list === 'plots')
    note(list, `${text}: a figure of the report is a Vega-Lite file with \`report: figures\``);
  const isMetrics = list === 'metrics' && extname(text) === '.json';
  if (list === 'metrics' && !isMetrics) note(list, `${text}: the report shows metrics of JSON files`);
  for (const key of Object.keys(options))
    if (!['cache', 'persist', 'desc'].includes(key) && list !== 'plots')
      note(list, `${text}, ${key}: has no counterpart`);
  if (typeof options.desc === 'string') note(list, `${text}, desc: only stages have a description`);
  const inside =
    written !== '..' && !written.startsWith('../') && !written.startsWith('/') && !written.includes('://');
  if (!inside) note(list, `${text} lies outside the project: it is in cache/cells only`);
  return {
    path: inside ? posix.normalize(written) : basename(written),
    ...(inside ? { place: written } : {}),
    // The command writes there itself, next time too.
    ...(moved ? { link: 'copy' } : {}),
    ...(isMetrics ? { report: 'metrics' } : {}),
  };
}

/** A path without a folder may be read as `stage.out`. */
function pathRef(path: string): string {
  return path.includes('/') ? path : `./${path}`;
}

/** From the end of a path, without references. */
function freeName(path: string, taken: Set<string>): string {
  const file = basename(path.replaceAll(/\$\{[^}]*\}/g, '').replace(/\/+$/, ''));
  const plain = file
    .replace(/(?<=.)\.[^.]*$/, '')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '_')
    .replaceAll(/^[-_]+|[-_]+$/g, '');
  const wish = /^[A-Za-z_]/.test(plain)
    ? plain.slice(0, 60)
    : `out${plain === '' ? '' : `_${plain}`}`.slice(0, 60);
  let name = wish;
  for (let number = 2; taken.has(name); number++) name = `${wish}_${number}`;
  taken.add(name);
  return name;
}
