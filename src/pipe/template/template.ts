/** The pipelines to start from: real files, which `pipe init --template NAME` copies. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Template {
  /** What it is, in a line. */
  readonly what: string;
  /** How its own test is run. */
  readonly test: string;
}

export const templates = {
  python: { what: 'stages in Python: two methods, three seeds', test: 'python3 -m unittest discover test' },
  typescript: { what: 'stages in TypeScript', test: 'npx pipe run check' },
  shell: { what: 'commands: a shell and awk', test: 'sh test.sh' },
  data: {
    what: 'folders of many files, a source with a digest, in JavaScript',
    test: 'node --test test/*.test.mjs',
  },
  cluster: { what: 'cells as jobs of a queue, in JavaScript', test: 'node --test test/*.test.mjs' },
  sweep: { what: 'a sweep over two axes and seeds, in JavaScript', test: 'node --test test/*.test.mjs' },
} as const satisfies Readonly<Record<string, Template>>;

export type TemplateName = keyof typeof templates;

export function isTemplate(name: string): name is TemplateName {
  return Object.hasOwn(templates, name);
}

/** Its files: path in the project → text. */
export function templateFiles(name: TemplateName): ReadonlyMap<string, string> {
  const folder = join(templatesFolder(), name);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

/** Beside the bundle in the package; at the top of the checkout when run from source. */
function templatesFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = ['templates', '../templates', '../../../templates'].map((place) => join(here, place));
  const found = places.find((place) => existsSync(join(place, 'python/pipeline.yaml')));
  if (found === undefined) throw new Error(`the templates are at none of ${places.join(', ')}`);
  return found;
}
