/**
 * What becomes part of the bundle and what stays outside: code of the project, or linked into it, is bundled, whatever
 * name it is imported by; an installed package stays outside, and its version is that of the copy that will be loaded.
 */
import { dirname, join, relative, sep } from 'node:path';
import type { OnResolveResult, Plugin, ResolveResult } from 'esbuild';
import type { Lookups } from './lookups.ts';
import { findPackage, isLinked, packageOf, versionIn } from './packages.ts';

/** How the bundle writes the import of a package → the package's name and version for the key. */
export type Externals = Map<string, { readonly name: string; readonly version: string }>;

export interface Resolution {
  readonly project: string;
  /** Folder of bundles: each lies in a folder of its own in it. */
  readonly codeFolder: string;
  readonly lookups: Lookups;
  readonly externals: Externals;
}

/** Marks what this plugin itself asks esbuild. */
const ours = Symbol('asked by the resolver');

export function resolvePlugin(resolution: Resolution): Plugin {
  return {
    name: 'resolve',
    setup(build) {
      build.onResolve({ filter: /.*/ }, async (args): Promise<OnResolveResult | undefined> => {
        if (args.pluginData === ours || args.namespace !== 'file') return undefined;
        const { path, importer, resolveDir, kind } = args;
        resolution.lookups.import(path, resolveDir);
        // esbuild resolves paths as node would; only names can mean code inside or outside.
        if (kind === 'entry-point' || (packageOf(path) === null && !path.startsWith('#'))) return undefined;
        const resolved = await build.resolve(path, {
          importer,
          resolveDir,
          kind,
          with: args.with,
          pluginData: ours,
        });
        if (resolved.external) return { path: resolved.path, external: true };
        return resolved.errors.length > 0
          ? unresolved(path, resolveDir, resolution)
          : placed(path, resolveDir, resolved, resolution);
      });
    },
  };
}

function placed(
  path: string,
  importedFrom: string,
  resolved: ResolveResult,
  { project, codeFolder, lookups, externals }: Resolution,
): OnResolveResult {
  const name = packageOf(path);
  const found = name === null ? null : findPackage(name, importedFrom);
  const isOfFound = found !== null && resolved.path.startsWith(found.real + sep);
  const owner = isOfFound && !isLinked(found) ? found.real : installedFolder(resolved.path);
  // No package's code, or that of one which is only a link: a version would not say what it is.
  if (owner === null)
    return { path: resolved.path, namespace: resolved.namespace, sideEffects: resolved.sideEffects };

  if (name !== null && found?.real === owner) {
    lookups.package(path, codeFolder);
    const loaded = findPackage(name, codeFolder);
    if (loaded?.real === owner) {
      externals.set(path, { name, version: loaded.version });
      return { path, external: true };
    }
  }
  // The bundle would find another copy from where it lies: this one is loaded by its path.
  const written = relative(join(codeFolder, 'bundle'), resolved.path).split(sep).join('/');
  externals.set(written, { name: relative(project, owner), version: versionIn(owner) });
  return { path: written, external: true };
}

/** Not installed, such as an optional package; or of a form that only node knows to load. */
function unresolved(
  path: string,
  importedFrom: string,
  { codeFolder, lookups, externals }: Resolution,
): OnResolveResult | undefined {
  const name = packageOf(path);
  // Left to esbuild, which says what is wrong and where.
  if (name === null) return undefined;
  const found = findPackage(name, importedFrom);
  lookups.package(path, codeFolder);
  const loaded = findPackage(name, codeFolder);
  if (found !== null && (isLinked(found) || found.real !== loaded?.real)) return undefined;
  if (found === null && loaded !== null && isLinked(loaded)) return undefined;
  externals.set(path, { name, version: loaded?.version ?? 'not installed' });
  return { path, external: true };
}

/** Folder of the installed package that a file belongs to; null: it belongs to none. */
function installedFolder(file: string): string | null {
  const parts = dirname(file).split(sep);
  const at = parts.lastIndexOf('node_modules') + 1;
  if (at === 0) return null;
  return parts.slice(0, at + (parts[at]?.startsWith('@') ? 2 : 1)).join(sep);
}
