/** The door to a pipeline for every command: file → plan, or all that is wrong with it. The only I/O in this room. */
import { existsSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { type Diagnostic, exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { didYouMean } from '../../lib/diagnostics/suggest.ts';
import { NotAFileError, readRegularFile } from '../../lib/regular-file.ts';
import type { NamedFile, PlannedPipeline } from './plan-json.ts';
import { readRemembered, remember, rememberedFile } from './remembered-plan.ts';

export interface OpenOptions {
  /** The pipeline file, relative to the project folder; `pipeline.yaml` when left out. */
  readonly file?: string;
  readonly profile?: string | null;
  readonly set?: readonly string[];
  /** Refuse a plan whose modules or files are missing; default true. `dag` and `schema` do without. */
  readonly checkFiles?: boolean;
}

export interface OpenedPipeline extends PlannedPipeline {
  /** Files that stages read and that are not there: they block those stages, not the others. */
  readonly warnings: readonly Diagnostic[];
  /** What diagnostics point into, by file name. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Mistakes in a pipeline file, and the texts they point into, by file name. Exit code 2. */
export class ConfigurationError extends UserError {
  readonly texts: ReadonlyMap<string, string>;
  constructor(file: string, diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>) {
    const count = diagnostics.length === 1 ? 'a mistake' : `${diagnostics.length} mistakes`;
    // A typo on the command line is no mistake of the file.
    const places = [...new Set(diagnostics.map(({ at }) => at.file))];
    const [first = file, ...others] = places.length === 0 ? [file] : places;
    const where = others.length === 0 ? `${first} has` : `${[first, ...others].join(' and ')} have`;
    super(`${where} ${count}`, { code: exitCode.usage, diagnostics });
    this.name = 'ConfigurationError';
    this.texts = texts;
  }
}

/** Throws UserError when there is no such file, ConfigurationError with every mistake when it cannot be planned. */
export async function openPlan(projectDir: string, options: OpenOptions = {}): Promise<OpenedPipeline> {
  const file = projectPath(projectDir, options.file ?? 'pipeline.yaml');
  const text = readPipeline(projectDir, file);
  const profile = options.profile ?? null;
  const set = options.set ?? [];
  const index = rememberedFile(projectDir, [file, profile, set, text]);
  const remembered = readRemembered(index);
  const texts = new Map([
    [file, text],
    ['--set', set.join('\n')],
    ['--profile', profile ?? ''],
  ]);
  const planned = remembered ?? (await planAfresh(file, text, { profile, set }, texts));
  const missing = options.checkFiles === false ? [] : missingFiles(projectDir, planned);
  if (missing.some(({ severity }) => severity === 'error'))
    throw new ConfigurationError(
      file,
      missing.map((one) => ({ ...one, severity: 'error' as const })),
      texts,
    );
  if (!remembered) remember(index, planned);
  return { ...planned, warnings: missing, texts };
}

function projectPath(projectDir: string, file: string): string {
  return relative(projectDir, resolve(projectDir, file)).split(sep).join('/');
}

function readPipeline(projectDir: string, file: string): string {
  try {
    return readRegularFile(join(projectDir, file)).toString('utf8');
  } catch (error) {
    if (error instanceof NotAFileError)
      throw new UserError(`${file} ${error.reason}`, {
        code: exitCode.usage,
        hint: 'move it away, and write the pipeline into a file of that name',
      });
    const reason =
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'is not here' : String(error);
    throw new UserError(`${file} ${reason}`, {
      code: exitCode.usage,
      hint: 'go to the folder of your pipeline, name it with --file, or start one with `pipe init`',
    });
  }
}

async function planAfresh(
  file: string,
  text: string,
  { profile, set }: { readonly profile: string | null; readonly set: readonly string[] },
  texts: ReadonlyMap<string, string>,
): Promise<PlannedPipeline> {
  const [{ loadPipeline }, { plan }] = await Promise.all([
    import('../config/load.ts'),
    import('../plan/plan.ts'),
  ]);
  const loaded = loadPipeline(text, file, { profile, set });
  const planned = loaded.document ? plan(loaded.document) : null;
  const diagnostics = inOrder([...loaded.diagnostics, ...(planned?.diagnostics ?? [])]);
  if (!loaded.document || !planned || diagnostics.some((one) => one.severity === 'error')) {
    throw new ConfigurationError(file, diagnostics, texts);
  }
  const { document } = loaded;
  const files = new Map<string, NamedFile>();
  for (const cell of planned.graph.cells.values()) {
    if (cell.run.kind === 'module') {
      const { file: path, at } = cell.run;
      const places = pythonPlaces(path);
      files.set(`module ${path}`, { kind: 'module', path, at, ...(places === null ? {} : { places }) });
    }
    for (const dep of cell.deps) {
      const doc =
        dep.kind === 'path'
          ? document.stages.get(cell.stage)?.deps.find((one) => one.name === dep.name)
          : null;
      if (dep.kind === 'path' && doc)
        files.set(`dep ${dep.path}`, { kind: 'dep', path: dep.path, at: doc.at });
    }
  }
  const { title, description, profiles, params, cache } = document;
  return {
    file,
    title,
    description,
    profiles,
    params,
    cache,
    graph: planned.graph,
    files: [...files.values()],
  };
}

/** By place in the file, as a reader goes through it; what --set and --profile say comes last. */
function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const rank = (one: Diagnostic): number => (one.at.file.startsWith('--') ? 1 : 0);
  return [...diagnostics].sort(
    (a, b) => rank(a) - rank(b) || a.at.line - b.at.line || a.at.column - b.at.column,
  );
}

/** Where the module of `package.module:function` may stand; null: the entry is a path. */
function pythonPlaces(entry: string): readonly string[] | null {
  const [module = '', called] = entry.split(':');
  if (called === undefined) return null;
  const path = module.replaceAll('.', '/');
  return ['', 'src/'].flatMap((root) => [`${root}${path}.py`, `${root}${path}/__init__.py`]);
}

function missingFiles(projectDir: string, planned: PlannedPipeline): Diagnostic[] {
  return planned.files.flatMap(({ kind, path, places, at }): Diagnostic[] => {
    if ((places ?? [path]).some((one) => existsSync(join(projectDir, one)))) return [];
    const stages = [...planned.graph.stages.keys()];
    const hint = places
      ? `none of ${places.join(', ')} is there`
      : path.includes('/')
        ? 'paths start at the project folder'
        : (didYouMean(path, stages) ?? `no stage is called \`${path.split('.')[0]}\` either`);
    const message =
      kind === 'module' ? `the module \`${path}\` does not exist` : `\`${path}\` does not exist`;
    return [
      {
        severity: kind === 'module' ? 'error' : 'warning',
        rule: 'missing-file',
        message,
        at,
        ...(kind === 'dep' || places || path.includes('/') ? { hint } : {}),
      },
    ];
  });
}
