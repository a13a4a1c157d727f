/**
 * Everything that esbuild's resolver may ask the file system for an import: each path it could mean, and each
 * package.json and tsconfig.json that has a say. More than it asks does no harm; less would make a trace stale.
 */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parse as parseJsonc } from 'jsonc-parser';
import type { Observer } from '../probes.ts';
import { isBare, packageOf, withParents } from './packages.ts';

/** Pattern → what it may stand for, from the folder of the file that says so. */
interface Mapping {
  readonly base: string;
  readonly pattern: string;
  readonly targets: readonly string[];
}

interface Scope {
  readonly mappings: readonly Mapping[];
  /** Folders that a bare import may be meant from. */
  readonly baseUrls: readonly string[];
}

export class Lookups {
  readonly #observer: Observer;
  readonly #scopes = new Map<string, Scope>();
  readonly #imports = new Set<string>();
  readonly #candidates = new Set<string>();

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  /** A file that is part of the bundle. */
  input(file: string): void {
    this.#observer.file(file);
    this.#observer.folder(dirname(file));
    this.#scope(dirname(file));
  }

  /** An import in a file of `folder`, whether or not it was found. */
  import(specifier: string, folder: string): void {
    if (this.#imports.size === this.#imports.add(`${folder}\0${specifier}`).size) return;
    const { mappings, baseUrls } = this.#scope(folder);
    if (specifier.startsWith('.') || isAbsolute(specifier)) {
      this.#candidate(resolve(folder, specifier));
      return;
    }
    this.#mapped(mappings, specifier);
    for (const base of baseUrls) this.#candidate(resolve(base, specifier));
    if (isBare(specifier)) this.package(specifier, folder);
  }

  /** A package import as it is looked for from `folder`. */
  package(specifier: string, folder: string): void {
    const name = packageOf(specifier);
    if (name === null) return;
    for (const above of withParents(folder)) {
      const root = join(above, 'node_modules', name);
      this.#observer.place(root);
      this.#observer.file(join(root, 'package.json'));
      if (!existsSync(root)) continue;
      const real = realpathSync(root);
      this.#scope(real);
      this.#candidate(join(real, specifier.slice(name.length)));
      const exports = readObject(join(root, 'package.json'))?.exports;
      this.#mapped(selfMappings(real, name, exports), specifier);
    }
  }

  #mapped(mappings: readonly Mapping[], specifier: string): void {
    for (const { base, pattern, targets } of mappings) {
      const matched = match(pattern, specifier);
      if (matched === null) continue;
      for (const target of targets)
        this.#candidate(
          resolve(
            base,
            target.replaceAll('*', () => matched),
          ),
        );
    }
  }

  /** An import by a template, as `./x/**\/*.ts`: every folder below may come to hold a match. */
  glob(pattern: string, folder: string): void {
    const start = pattern.slice(0, pattern.indexOf('*'));
    this.#everything(resolve(folder, start.slice(0, start.lastIndexOf('/') + 1)), []);
  }

  #everything(folder: string, above: readonly string[]): void {
    this.#observer.folder(folder);
    let real: string;
    try {
      real = realpathSync(folder);
    } catch {
      return;
    }
    if (above.includes(real)) return;
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory() || entry.isSymbolicLink())
        this.#everything(join(folder, entry.name), [...above, real]);
  }

  #candidate(path: string): void {
    if (this.#candidates.size === this.#candidates.add(path).size) return;
    this.#observer.place(path);
    this.#observer.folder(dirname(path));
    // Where it is a folder, or becomes one.
    this.#observer.folder(path);
    const manifest = join(path, 'package.json');
    this.#observer.file(manifest);
    const { main, module } = readObject(manifest) ?? {};
    for (const entry of [main, module]) if (typeof entry === 'string') this.#candidate(resolve(path, entry));
  }

  #scope(folder: string): Scope {
    let scope = this.#scopes.get(folder);
    if (scope === undefined) {
      const own = this.#configsIn(folder);
      const above =
        dirname(folder) === folder ? { mappings: [], baseUrls: [] } : this.#scope(dirname(folder));
      scope = {
        mappings: [...own.mappings, ...above.mappings],
        baseUrls: [...own.baseUrls, ...above.baseUrls],
      };
      this.#scopes.set(folder, scope);
    }
    return scope;
  }

  #configsIn(folder: string): Scope {
    const mappings: Mapping[] = [];
    const baseUrls: string[] = [];
    const manifest = join(folder, 'package.json');
    this.#observer.file(manifest);
    const { name, imports, exports } = readObject(manifest) ?? {};
    if (isObject(imports))
      for (const [pattern, target] of Object.entries(imports))
        mappings.push({ base: folder, pattern, targets: texts(target) });
    if (typeof name === 'string') mappings.push(...selfMappings(folder, name, exports));
    for (const config of ['tsconfig.json', 'jsconfig.json'])
      this.#tsconfig(join(folder, config), mappings, baseUrls, folder);
    return { mappings, baseUrls };
  }

  #tsconfig(file: string, mappings: Mapping[], baseUrls: string[], user: string): void {
    this.#observer.file(file);
    const config = readObject(file);
    if (!config) return;
    const folder = dirname(file);
    const options = isObject(config.compilerOptions) ? config.compilerOptions : {};
    const placed = (path: string) => path.replace('${configDir}', user);
    const bases = [folder];
    if (typeof options.baseUrl === 'string') {
      const base = resolve(folder, placed(options.baseUrl));
      bases.push(base);
      baseUrls.push(base);
    }
    for (const parent of texts(config.extends))
      for (const candidate of this.#parents(parent, folder))
        if (this.#observer.file(candidate)) this.#tsconfig(candidate, mappings, baseUrls, user);
    if (!isObject(options.paths)) return;
    for (const [pattern, targets] of Object.entries(options.paths))
      for (const base of new Set([...bases, ...baseUrls]))
        mappings.push({ base, pattern, targets: texts(targets).map(placed) });
  }

  /** Files that `extends` may mean. */
  #parents(parent: string, folder: string): readonly string[] {
    const forms = (path: string) => [path, `${path}.json`, join(path, 'tsconfig.json')];
    if (parent.startsWith('.') || isAbsolute(parent)) return forms(resolve(folder, parent));
    const name = packageOf(parent);
    if (name === null) return [];
    return withParents(folder).flatMap((above) => {
      const root = join(above, 'node_modules', name);
      this.#observer.place(root);
      const manifest = join(root, 'package.json');
      this.#observer.file(manifest);
      const { exports, tsconfig } = readObject(manifest) ?? {};
      const named = [...texts(exports), ...texts(tsconfig)].filter((path) => path.endsWith('.json'));
      return [...forms(join(above, 'node_modules', parent)), ...named.map((path) => join(root, path))];
    });
  }
}

/** `import 'own-name/x'` goes by the package's own exports. */
function selfMappings(folder: string, name: string, exports: unknown): readonly Mapping[] {
  if (!isObject(exports)) return [{ base: folder, pattern: name, targets: texts(exports) }];
  return Object.entries(exports).map(([path, target]) =>
    path.startsWith('.')
      ? { base: folder, pattern: name + path.slice(1), targets: texts(target) }
      : { base: folder, pattern: name, targets: texts(target) },
  );
}

/** What the star of a pattern stands for; null: no match. */
function match(pattern: string, specifier: string): string | null {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === specifier ? '' : null;
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)];
  const fits = specifier.startsWith(start) && specifier.endsWith(end);
  return fits && specifier.length >= start.length + end.length
    ? specifier.slice(start.length, specifier.length - end.length)
    : null;
}

/** All texts in a value, however deep: conditions and fallbacks alike. */
function texts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(texts);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readObject(file: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = parseJsonc(readFileSync(file, 'utf8'), [], { allowTrailingComma: true });
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
