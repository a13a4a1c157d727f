/** The stages of dvc.yaml with their combinations: together as one stage with a matrix, or each on its own. */
import { posix } from 'node:path';
import { isJsonArray, isJsonObject, type Json } from '../../lib/json.ts';
import { type DvcBody, type DvcEntry, type DvcStage, entryOfPath } from './dvc-schema.ts';
import { filledIn, filledText, type Meaning, type Meanings, valueWithin } from './dvc-template.ts';
import { type DvcValues, referenceTo } from './dvc-values.ts';

export interface FamilyAxis {
  /** Its name in the pipeline file. */
  readonly axis: string;
  /** `${item.FIELD}` of a matrix; null: `${item}` of a foreach. */
  readonly field: string | null;
  readonly values: readonly { readonly name: string; readonly value: Json }[];
}

/** One combination: what DVC calls `NAME@SUFFIX`. */
export interface Instance {
  readonly suffix: string;
  /** Of each axis, which value. */
  readonly picks: readonly number[];
  /** Relative to the project; addresses of other kinds as they are. */
  readonly deps: readonly string[];
  readonly outs: readonly string[];
}

export interface OutEntry {
  readonly text: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly list: 'outs' | 'metrics' | 'plots';
}

/** What becomes one stage of the pipeline file. */
export interface Unit {
  readonly name: string;
  /** In dvc.yaml. */
  readonly family: string;
  readonly body: DvcBody;
  /** Folder of dvc.yaml, relative to the project. */
  readonly folder: string;
  readonly axes: readonly FamilyAxis[];
  readonly instances: readonly Instance[];
  readonly deps: readonly string[];
  readonly outs: readonly OutEntry[];
  readonly meanings: Meanings;
}

/** A matrix of the pipeline file cannot say this: each combination becomes a stage of its own. */
export class NeedsExpansion extends Error {}

/** Names of axes are shared by stages whose values are the same: so are their cells aligned. */
export class AxisNames {
  readonly #known: { readonly name: string; readonly values: string }[] = [];

  nameFor(wish: string, values: FamilyAxis['values'], taken: readonly string[]): string {
    const text = JSON.stringify(values);
    const same = this.#known.find((one) => one.values === text && !taken.includes(one.name));
    if (same) return same.name;
    const plain = wish.replaceAll(/[^\w-]/g, '_').replace(/^(?![A-Za-z_])/, '_');
    const base = reserved.has(plain) ? `${plain}_axis` : plain;
    let name = base;
    for (let number = 2; this.#known.some((one) => one.name === name); number++) name = `${base}_${number}`;
    this.#known.push({ name, values: text });
    return name;
  }
}

/** First words of other references. */
const reserved = new Set(['params', 'deps', 'outs', 'cell', 'stage', 'resources', 'checkpoint', 'raw']);

interface FamilyContext {
  readonly values: DvcValues;
  readonly names: AxisNames;
  readonly folder: string;
}

/** One unit for all combinations, or, `expanded`, one for each. @throws UnknownReference */
export function unitsOf(
  family: string,
  stage: DvcStage,
  expanded: boolean,
  { values, names, folder }: FamilyContext,
): readonly Unit[] {
  const body: DvcBody = 'do' in stage && isBody(stage.do) ? stage.do : (stage as DvcBody);
  const locals = localsOf(family, body, values);
  const global: Meanings = (path) => locals(path) ?? values.meaning(path);
  const axes = axesOf(family, stage, global, names);
  const deps = (body.deps ?? []).map((one) => entryOfPath(one)[0]);
  const outs = (['outs', 'metrics', 'plots'] as const).flatMap((list) =>
    (body[list] ?? []).map((one: DvcEntry): OutEntry => {
      const [text, options] = entryOfPath(one);
      return { text, options, list };
    }),
  );
  const common = { family, body, folder, deps, outs };
  const instances = combinations(axes).map((picks): Instance => {
    const own = meaningsOf(global, axes, [picks]);
    const base = posix.join(folder, filledText(body.wdir ?? '.', own));
    const path = (text: string) => projectPath(base, filledText(text, own));
    return {
      suffix: suffixOf(axes, picks),
      picks,
      deps: deps.map(path),
      outs: outs.map(({ text }) => path(text)),
    };
  });
  if (!expanded || axes.length === 0) {
    const meanings = meaningsOf(
      global,
      axes,
      instances.map(({ picks }) => picks),
      true,
    );
    return [{ ...common, name: family, axes, instances, meanings }];
  }
  return instances.map((one) => {
    const name = `${family}-${one.suffix}`.replaceAll(/[^\w-]/g, '_');
    return {
      ...common,
      name,
      axes: [],
      instances: [{ ...one, picks: [] }],
      meanings: meaningsOf(global, axes, [one.picks]),
    };
  });
}

function isBody(value: unknown): value is DvcBody {
  return typeof value === 'object' && value !== null && 'cmd' in value;
}

/** `a//b/` is a/b; an address with a scheme and an absolute path stay as they are. */
export function projectPath(base: string, path: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path) || path.startsWith('/')) return path;
  return posix.join(base, path).replace(/(?<=.)\/$/, '');
}

function localsOf(family: string, body: DvcBody, values: DvcValues): Meanings {
  const maps = (body.vars ?? []).filter((one) => typeof one !== 'string');
  if (maps.length === 0) return () => undefined;
  const own = Object.assign({}, ...maps);
  const name = values.addLocals(family, own);
  return (path) => {
    const value = valueWithin(own, path);
    return value === undefined
      ? undefined
      : { value, reference: referenceTo(values.params, [name, ...path]) };
  };
}

function axesOf(family: string, stage: DvcStage, global: Meanings, names: AxisNames): readonly FamilyAxis[] {
  const resolved = (value: Json): Json => {
    if (typeof value === 'string') return filledIn(value, global);
    if (isJsonArray(value)) return value.map(resolved);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item)]));
  };
  if ('do' in stage && 'foreach' in stage) {
    const list = resolved(stage.foreach as Json);
    const wish =
      typeof stage.foreach === 'string' ? (/([\w-]+)\s*\}$/.exec(stage.foreach)?.[1] ?? 'item') : 'item';
    const values = isJsonObject(list)
      ? Object.entries(list).map(([name, value]) => ({ name, value }))
      : isJsonArray(list)
        ? list.map((value, index) => ({ name: isPlain(value) ? String(value) : String(index), value }))
        : [{ name: String(list), value: list }];
    return [{ axis: names.nameFor(wish, values, []), field: null, values }];
  }
  const matrix =
    'matrix' in stage && typeof stage.matrix === 'object' && stage.matrix !== null ? stage.matrix : {};
  const axes: FamilyAxis[] = [];
  for (const [field, given] of Object.entries(matrix)) {
    const list = resolved(given as Json);
    const values = (isJsonArray(list) ? list : [list]).map((value, index) => ({
      name: isPlain(value) ? String(value) : `${field}${index}`,
      value,
    }));
    const taken = axes.map(({ axis }) => axis);
    axes.push({ axis: names.nameFor(field || family, values, taken), field, values });
  }
  return axes;
}

function isPlain(value: Json): boolean {
  return value === null || typeof value !== 'object';
}

function combinations(axes: readonly FamilyAxis[]): readonly (readonly number[])[] {
  let all: readonly (readonly number[])[] = [[]];
  for (const { values } of axes) all = all.flatMap((one) => values.map((_, index) => [...one, index]));
  return all;
}

function suffixOf(axes: readonly FamilyAxis[], picks: readonly number[]): string {
  return axes.map(({ values }, index) => values[picks[index] ?? 0]?.name ?? '').join('-');
}

/**
 * `${item…}` and `${key}` for these combinations; everything else is global. `asAxes`: the references of a matrix, which
 * must hold for each of the combinations.
 */
function meaningsOf(
  global: Meanings,
  axes: readonly FamilyAxis[],
  combos: readonly (readonly number[])[],
  asAxes = false,
): Meanings {
  const item = (path: readonly string[]): Meaning | undefined => {
    const position = axes.findIndex(({ field }) => field === null || field === path[1]);
    const axis = axes[position];
    if (!axis) return undefined;
    const within = path.slice(axis.field === null ? 1 : 2);
    const found = combos.map((picks) =>
      valueWithin(axis.values[picks[position] ?? 0]?.value ?? null, within),
    );
    const [first] = found;
    if (!asAxes) return first === undefined ? undefined : { value: first, reference: null };
    if (
      found.some((value) => value === undefined || !isPlain(value)) ||
      within.some((step) => !/^[\w-]+$/.test(step))
    )
      throw new NeedsExpansion();
    if (within.length > 0 && axis.values.some(({ value }) => isJsonArray(value))) throw new NeedsExpansion();
    // A value that a shell would take apart stands for all of them.
    const odd = found.find((value) => !/^[\w./:=@%+,-]*$/.test(String(value)));
    return { value: odd ?? first ?? null, reference: [axis.axis, ...within].join('.') };
  };
  const key = (): Meaning | undefined => {
    const [axis] = axes;
    if (!axis) return undefined;
    if (!asAxes) return { value: suffixOf(axes, combos[0] ?? []), reference: null };
    // In text, a named value is written as its name; a plain one as itself.
    if (axes.length > 1) throw new NeedsExpansion();
    const value =
      axis.values.find(({ name }) => !/^[\w./:=@%+,-]*$/.test(name))?.name ?? axis.values[0]?.name ?? '';
    return { value, reference: axis.axis };
  };
  return (path) => {
    if (axes.length > 0 && path[0] === 'item') return item(path);
    if (axes.length > 0 && path[0] === 'key' && path.length === 1) return key();
    return global(path);
  };
}
