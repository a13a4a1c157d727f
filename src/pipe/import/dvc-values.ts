/** The values that dvc.yaml's templates may use, and those of other params files that its stages track. */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parseYaml, toJson } from '../../lib/diagnostics/yaml-node.ts';
import { hasCode } from '../../lib/errno.ts';
import { isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { DvcFile } from './dvc-schema.ts';
import { type Meaning, valueWithin } from './dvc-template.ts';

export type ReadParams =
  | { readonly kind: 'values'; readonly values: JsonObject }
  /** Why the file cannot be read here. */
  | { readonly kind: 'unread'; readonly why: string };

export class DvcValues {
  readonly #project: string;
  readonly #files = new Map<string, ReadParams>();
  /** What becomes `params:` of the pipeline file: the templates' values at the top, other files under a name each. */
  readonly #params: Record<string, Json> = {};
  readonly #names = new Map<string, string>();
  readonly #locals = new Map<string, string>();

  /** `project`: absolute. */
  constructor(project: string) {
    this.#project = project;
  }

  get params(): JsonObject {
    return this.#params;
  }

  /** `path`: relative to the project. */
  read(path: string): ReadParams {
    let known = this.#files.get(path);
    if (!known) {
      known = readParams(this.#project, path);
      this.#files.set(path, known);
    }
    return known;
  }

  /** `params.yaml` and `vars` at the top, beside dvc.yaml. Gives what could not be read, with its name. */
  addGlobals(vars: DvcFile['vars'], folder: string): readonly (readonly [string, string])[] {
    const usual = this.read(posix.join(folder, 'params.yaml'));
    const unread: [string, string][] = [];
    if (usual.kind === 'values') this.#mergeFile(posix.join(folder, 'params.yaml'), usual.values);
    for (const one of vars ?? []) {
      if (typeof one !== 'string') {
        merge(this.#params, one);
        continue;
      }
      const [file = '', keys] = one.split(':');
      const path = posix.join(folder, file);
      const found = this.read(path);
      if (found.kind === 'unread') unread.push([file, found.why]);
      else {
        const names = keys?.split(',').map((key) => key.trim());
        const chosen = Object.entries(found.values).filter(([key]) => names?.includes(key) ?? true);
        this.#mergeFile(path, Object.fromEntries(chosen));
      }
    }
    return unread;
  }

  /** Values of one stage alone, under a name of its own. */
  addLocals(stage: string, values: JsonObject): string {
    const known = this.#locals.get(stage);
    if (known !== undefined) return known;
    const name = this.#free(`vars_of_${stage.replaceAll(/\W/g, '_')}`);
    this.#params[name] = values;
    this.#locals.set(stage, name);
    return name;
  }

  meaning(path: readonly string[]): Meaning | undefined {
    const value = valueWithin(this.#params, path);
    return value === undefined ? undefined : { value, reference: referenceTo(this.#params, path) };
  }

  /** A tracked param → where its value stands below `params`. Undefined: the file has none of that name. */
  tracked(file: string, key: string | null): readonly string[] | undefined {
    const found = this.read(file);
    if (found.kind === 'unread') return undefined;
    const steps = key === null ? [] : key.split('.');
    if (valueWithin(found.values, steps) === undefined) return undefined;
    let name = this.#names.get(file);
    if (name === undefined) {
      name = this.#free(
        posix
          .basename(file)
          .replace(/\.[^.]*$/, '')
          .replaceAll(/[^\w-]/g, '_')
          .replace(/^(?![A-Za-z_])/, '_'),
      );
      this.#names.set(file, name);
      this.#params[name] = found.values;
    }
    return name === '' ? steps : [name, ...steps];
  }

  /** The file's values are at the top: they are found there. */
  #mergeFile(file: string, values: JsonObject): void {
    merge(this.#params, values);
    const read = this.read(file);
    if (read.kind === 'values' && Object.keys(read.values).length === Object.keys(values).length)
      this.#names.set(file, '');
  }

  #free(wish: string): string {
    let name = wish;
    for (let number = 2; Object.hasOwn(this.#params, name); number++) name = `${wish}_${number}`;
    return name;
  }
}

/** How a pipeline file refers to it; null: it cannot, because a name has other characters or it is in a list. */
export function referenceTo(params: JsonObject, path: readonly string[]): string | null {
  let value: Json | undefined = params;
  for (const step of path) {
    if (!isJsonObject(value) || !/^[\w-]+$/.test(step)) return null;
    value = value[step];
  }
  return `params.${path.join('.')}`;
}

function readParams(project: string, path: string): ReadParams {
  if (!/\.(?:ya?ml|json)$/i.test(path)) return { kind: 'unread', why: 'only YAML and JSON are read here' };
  let text: string;
  try {
    text = readFileSync(join(project, path), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES'))
      return { kind: 'unread', why: 'it cannot be read' };
    throw error;
  }
  const { root, diagnostics } = parseYaml(text, path, 'a map');
  const [first] = diagnostics.all;
  if (!root) return { kind: 'unread', why: `${path}:${first?.at.line ?? 1}: ${first?.message ?? 'no YAML'}` };
  const values = toJson(root);
  return isJsonObject(values) ? { kind: 'values', values } : { kind: 'unread', why: 'it is no map' };
}

/** Deeply, as DVC merges `vars`. */
function merge(into: Record<string, Json>, more: JsonObject): void {
  for (const [key, value] of Object.entries(more)) {
    const before = into[key];
    if (isJsonObject(before) && isJsonObject(value)) {
      const both: Record<string, Json> = { ...before };
      merge(both, value);
      into[key] = both;
    } else into[key] = value;
  }
}
