/**
 * Takes down what a run with nothing to do looked at. Everything must have been at rest since before the run looked, so
 * that the stat that is taken down is the stat of what was read; what cannot be witnessed by stats alone is left to the whole look.
 */
import { lstatSync, mkdirSync, readdirSync, rmSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { replaceFile } from '../../lib/replace-file.ts';
import { sealBytesAsOwn } from '../../lib/user-state.ts';
import type { CodeObserved } from '../cell/cell-tracer.ts';
import type { Inputs } from '../cell/inputs.ts';
import type { Workspace } from '../cell/workspace.ts';
import { shellFor } from '../job/shell.ts';
import type { Cell, Graph } from '../plan/graph.ts';
import { reportFolder } from '../store/layout.ts';
import { version } from '../version.ts';
import {
  encodeWitness,
  numbersOf,
  numbersPerPath,
  type Sighting,
  sighting,
  targetOf,
  type WitnessHead,
} from './witness.ts';
import type { ToolWitness } from './witness-tools.ts';

/** How long a file's stat may stay the same while it is written: see the digests' own rule. */
const tickMs = 20;
const coarseTickMs = 2_000;
/** Commands are typed in a few ways; what was written by other builds of the engine goes first. */
const keptFiles = 8;

export interface WitnessOptions {
  /** Absolute path of the witness. */
  readonly file: string;
  readonly project: string;
  readonly pipeline: string;
  /** sha256 of the pipeline file's text. */
  readonly text: string;
  readonly graph: Graph;
  readonly color: WitnessHead['color'];
  readonly env: NodeJS.ProcessEnv;
  readonly report: boolean;
}

/** Stats alone would not notice every change, or something moved just now. */
class NoWitness extends Error {}

export class WitnessWriter {
  readonly #options: WitnessOptions;
  readonly #kinds: Sighting[] = [];
  readonly #numbers: number[] = [];
  readonly #paths: string[] = [];
  readonly #known = new Set<string>();
  readonly #env = new Map<string, string | null>();
  readonly #tools = new Map<string, ToolWitness>();
  readonly #modules = new Map<string, Cell>();
  #cells = 0;
  #before = 0;
  #possible = version !== 'dev';

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** Before anything is looked at. `now`: by the file system's clock, in milliseconds. */
  begin(now: number): void {
    this.#before = now;
  }

  /** A cell that is up to date, with what it was found to read. */
  add(cell: Cell, inputs: Inputs | null, workspace: Workspace): void {
    this.#cells++;
    this.#try(() => {
      // A frozen cell's outs are stored when they are first seen: that takes a whole look.
      if (inputs?.kind !== 'known' || cell.frozen !== null) throw new NoWitness();
      this.#surroundings(cell, inputs.fingerprint.tools);
      for (const { path, reach } of inputs.paths) {
        if (reach === 'anywhere') this.#led(path);
        else this.#inProject(path);
      }
      for (const dep of cell.deps)
        if (dep.kind === 'source')
          this.#passedOver(dep.source, new Set(inputs.paths.map(({ path }) => path)));
      for (const { name, place } of cell.outs) {
        this.#own(workspace.outPath(cell.id, name), true);
        if (place !== null) this.#own(join(this.#options.project, place), true);
      }
    });
  }

  /** Writes the witness where there can be one. */
  write(workspace: Workspace, savedMs: number): void {
    this.#try(() => {
      for (const cell of this.#modules.values()) this.#code(workspace.observedCode(cell));
      const { file, project, pipeline, text, color, report } = this.#options;
      if (report)
        for (const name of ['index.html', 'report.json', 'junit.xml'])
          this.#led(join(project, reportFolder(pipeline), name));
      const head: WitnessHead = {
        version: 1,
        project,
        pipeline,
        text,
        cells: this.#cells,
        savedMs,
        color,
        env: [...this.#env],
        tools: [...this.#tools.values()],
        paths: this.#paths.length,
      };
      const [kinds, numbers] = [Uint8Array.from(this.#kinds), Float64Array.from(this.#numbers)];
      keep(file, sealBytesAsOwn(file, encodeWitness({ head, kinds, numbers, paths: this.#paths })));
    });
  }

  /** An accelerator: where something moves or cannot be looked at, the next run looks at everything again. */
  #try(take: () => void): void {
    if (!this.#possible) return;
    try {
      take();
    } catch (error) {
      this.#possible = false;
      if (!(error instanceof NoWitness) && !(error instanceof Error && 'code' in error)) throw error;
    }
  }

  #surroundings(cell: Cell, outputs: Readonly<Record<string, string>>): void {
    const { env } = this.#options;
    for (const name of cell.env.keyed) this.#env.set(name, env[name] ?? null);
    for (const [name, command] of cell.tools)
      this.#tools.set(JSON.stringify([command, cell.env]), {
        command,
        env: cell.env,
        output: outputs[name] ?? '',
      });
    if (cell.run.kind === 'module') this.#modules.set(`${cell.run.file}\0${cell.run.python === null}`, cell);
    else if (cell.run.python !== null) this.#modules.set(cell.id, cell);
    else if (cell.run.shell === null && !this.#env.has('PATH')) {
      // Which shell there is stands in the key.
      this.#env.set('PATH', env.PATH ?? null);
      this.#sight(sighting.place, shellFor(null).file);
    }
  }

  /** A file or folder that lies in the project and is reached by folders alone. */
  #inProject(path: string): void {
    const { project } = this.#options;
    for (let folder = dirname(path); folder.length > project.length; folder = dirname(folder))
      if (!this.#sight(sighting.way, folder)) break;
    this.#own(path, false);
    if (lstatSync(path).isDirectory()) this.#ignoring(dirname(path));
  }

  /** What a folder leaves out is also said in the folders above it. */
  #ignoring(folder: string): void {
    const { project } = this.#options;
    for (let base = folder; base.length >= project.length; base = dirname(base)) {
      const rules = join(base, '.pipeignore');
      if (targetOf(rules)) this.#led(rules);
      else this.#sight(sighting.absent, rules);
      if (base === project) break;
    }
  }

  /** `links`: they may stand in it. The path itself must be no link. */
  #own(path: string, links: boolean): void {
    if (!this.#sight(sighting.own, path)) return;
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) throw new NoWitness();
    if (stat.isDirectory()) this.#inside(path, links);
  }

  /** What a path leads to, wherever that is. */
  #led(path: string): void {
    if (!this.#sight(sighting.target, path)) return;
    if (statSync(path).isDirectory()) this.#inside(path, false);
  }

  #inside(folder: string, links: boolean): void {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      this.#sight(sighting.own, path);
      const stat = lstatSync(path);
      if (stat.isSymbolicLink() && !links) throw new NoWitness();
      if (stat.isDirectory()) this.#inside(path, links);
    }
  }

  /** Places of a source that are looked at before the one where it is. */
  #passedOver(source: string, found: ReadonlySet<string>): void {
    const { graph, project } = this.#options;
    for (const candidate of graph.sources.get(source)?.candidates ?? []) {
      const path = resolve(project, candidate.path);
      if (found.has(path)) return;
      if (targetOf(path)) this.#led(path);
      else this.#sight(sighting.absent, path);
    }
  }

  /** Everything that the trace of a module's code looked at, found or not; null: not known. */
  #code(code: CodeObserved | null): void {
    if (code === null) throw new NoWitness();
    const { project } = this.#options;
    for (const [path, digest] of Object.entries(code.observed.files)) {
      const file = join(project, path);
      if (digest === null) this.#lacking(file, (there) => there.isFile());
      else this.#sight(sighting.target, file);
    }
    for (const [path, digest] of Object.entries(code.observed.folders)) {
      const folder = join(project, path);
      if (digest === null) this.#lacking(folder, (there) => there.isDirectory());
      else {
        this.#sight(sighting.target, folder);
        for (const entry of readdirSync(folder, { withFileTypes: true }))
          if (entry.isSymbolicLink()) this.#placeOrNothing(join(folder, entry.name));
      }
    }
    for (const [path, place] of Object.entries(code.observed.places)) {
      const there = this.#placeOrNothing(join(project, path));
      if (there !== (place !== null)) throw new NoWitness();
    }
    for (const file of code.written) this.#sight(sighting.own, file);
  }

  /** Nothing is there, or something of another kind. */
  #lacking(path: string, isKind: (there: Stats) => boolean): void {
    const there = targetOf(path);
    if (there && isKind(there)) throw new NoWitness();
    this.#placeOrNothing(path);
  }

  #placeOrNothing(path: string): boolean {
    const there = targetOf(path) !== undefined;
    this.#sight(there ? sighting.place : sighting.absent, path);
    return there;
  }

  /** False: it was taken down already. */
  #sight(kind: Sighting, path: string): boolean {
    const { project } = this.#options;
    const shown = path.startsWith(`${project}/`) ? path.slice(project.length + 1) : path;
    if (shown === '' || shown.includes('\0')) throw new NoWitness();
    const name = `${kind} ${shown}`;
    if (this.#known.has(name)) return false;
    this.#known.add(name);
    const follows = kind !== sighting.own && kind !== sighting.way;
    const stat = follows ? targetOf(path) : lstatSync(path);
    if ((stat === undefined) !== (kind === sighting.absent)) throw new NoWitness();
    if (stat && (kind === sighting.own || kind === sighting.target) && !this.#isAtRest(stat))
      throw new NoWitness();
    if (kind === sighting.way && stat?.isDirectory() !== true) throw new NoWitness();
    this.#kinds.push(kind);
    this.#paths.push(shown);
    if (stat) this.#numbers.push(...numbersOf(stat));
    else for (let number = 0; number < numbersPerPath; number++) this.#numbers.push(0);
    return true;
  }

  /** It was last written so long before anything was looked at that a later write has another time. */
  #isAtRest({ ctimeMs }: Stats): boolean {
    const tick = ctimeMs % 1000 === 0 ? coarseTickMs : tickMs;
    return ctimeMs < this.#before - tick;
  }
}

/** Writes it aside and renames it, and drops the oldest of its kind. */
function keep(file: string, content: Buffer | null): void {
  if (content === null) return;
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true });
  replaceFile(file, content);
  const others = readdirSync(folder)
    .filter((name) => name.startsWith('witness-'))
    .map((name) => join(folder, name))
    .map((path) => ({ path, time: lstatSync(path).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const { path } of others.slice(keptFiles)) rmSync(path, { force: true });
}
