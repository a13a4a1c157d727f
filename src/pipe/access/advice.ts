/** The line of the pipeline file that declares a file which a cell opened without declaring it. */
import { basename, extname, join } from 'node:path';
import { unsafePath } from '../config/safe-path.ts';
import type { Cell, CellId, Graph } from '../plan/graph.ts';
import { folderOf, type Layout } from '../store/layout.ts';
import { type FileUse, isCode, type Undeclared } from './undeclared.ts';

export interface Advice {
  /** Relative to the project where it is in it, else absolute. */
  readonly path: string;
  readonly what: 'read' | 'write';
  readonly folder: boolean;
  /** To be added to the stage; for a source also at the top of the file. */
  readonly line: string;
}

export interface AdviceContext {
  readonly graph: Graph;
  readonly layout: Layout;
  /** Absolute path of the project folder. */
  readonly project: string;
}

export function adviceFor(cell: Cell, found: Undeclared, context: AdviceContext): readonly Advice[] {
  const names = new Set(cell.deps.map(({ name }) => name));
  const outs = outPaths(context);
  const reads = found.reads.map((use): Advice => {
    const line = readLine(cell, use, outs.get(use.path), names);
    return { path: use.inside ?? use.path, what: 'read', folder: use.folder, line };
  });
  const taken = new Set(cell.outs.map(({ name }) => name));
  const writes = found.writes.map((use): Advice => {
    const line = writeLine(cell, use, context, taken);
    return { path: use.inside ?? use.path, what: 'write', folder: false, line };
  });
  return [...reads, ...writes];
}

interface OutPath {
  readonly cell: CellId;
  readonly stage: string;
  readonly out: string;
}

function readLine(cell: Cell, use: FileUse, out: OutPath | undefined, names: Set<string>): string {
  if (out?.cell === cell.id)
    return 'its own out of an earlier run: `checkpoint: true` keeps a folder for what goes on';
  if (out !== undefined) return `deps: {${newName(out.out, names)}: ${out.stage}.${out.out}}`;
  if (use.inside === null) {
    const name = newName(use.path, names);
    return `sources: {${name}: {paths: [${word(use.path)}]}} and deps: {${name}: source.${name}}`;
  }
  const takesCode = cell.run.kind === 'command' ? use.inside.endsWith('.py') : cell.run.python !== null;
  if (takesCode && isCode(use.inside) && !use.run) return `code: [${word(use.inside)}]`;
  return `deps: {${newName(use.path, names)}: ${word(depPath(use.inside))}}`;
}

function writeLine(cell: Cell, use: FileUse, { project }: AdviceContext, names: Set<string>): string {
  const dep = cell.deps.find((one) => one.kind === 'path' && join(project, one.path) === use.path);
  if (dep) return `it is the dep ${dep.name}: a stage reads its deps and writes its outs`;
  const name = newName(use.path, names);
  const place = use.inside === null || unsafePath(use.inside) !== null ? '' : `, place: ${word(use.inside)}`;
  const path = word(basename(use.path));
  return `outs: {${name}: {path: ${path}${place}}}, and write it where the job says: \${outs.${name}}`;
}

/** Where outs of other cells are to be found, beside where the job says. */
function outPaths({ graph, layout, project }: AdviceContext): ReadonlyMap<string, OutPath> {
  const found = new Map<string, OutPath>();
  for (const cell of graph.cells.values())
    for (const out of cell.outs) {
      const one = { cell: cell.id, stage: cell.stage, out: out.name };
      found.set(join(layout.cells, folderOf(cell.id), out.path), one);
      if (out.place !== null) found.set(join(project, out.place), one);
    }
  return found;
}

/** A name for a path that is not taken yet. */
function newName(path: string, taken: Set<string>): string {
  const file = basename(path, extname(path));
  const wish = file
    .replaceAll(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^(?![A-Za-z_])/, '_')
    .slice(0, 60);
  let name = wish;
  for (let number = 2; taken.has(name); number++) name = `${wish}_${number}`;
  taken.add(name);
  return name;
}

/** A name without a folder may be read as `stage.out`. */
function depPath(inside: string): string {
  return inside.includes('/') ? inside : `./${inside}`;
}

/** Text as YAML reads it back, inside braces too. */
function word(text: string): string {
  return /^[A-Za-z./_][\w./-]*$/.test(text) ? text : JSON.stringify(text);
}
