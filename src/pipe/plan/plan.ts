/**
 * PipelineDocument → Graph of cells. Pure: it opens no file, and everything that is wrong comes back at once.
 * Long because stages, deps and cells are resolved against each other in one pass.
 */
import type { Diagnostic } from '../../lib/diagnostics/diagnostic.ts';
import { Diagnostics, type Report } from '../../lib/diagnostics/diagnostics.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { isJsonObject } from '../../lib/json.ts';
import { valueAt } from '../config/check-references.ts';
import type { AxisValue, DepDoc, OutDoc, PipelineDocument, SourceDoc, StageDoc } from '../config/document.ts';
import { normalPath, unsafePath } from '../config/safe-path.ts';
import { fill, fillText, type Lookup, parseTemplate } from '../config/template.ts';
import { cellFolder, cellId } from './cell-id.ts';
import { commandOf, shellTextOf } from './command.ts';
import { bindDep, type DepTarget, type PlannedStage, resolveRef } from './dep.ts';
import { estimateOf } from './estimate.ts';
import type { Cell, CellId, CellRun, DepBinding, Graph, StageNode } from './graph.ts';
import { combinationsOf, maxCombinations } from './matrix.ts';
import { orderStages } from './order.ts';
import { checkPlaces } from './out-places.ts';
import { resourcesOf } from './resources.ts';

export interface PlanResult {
  /** What can be planned; not to be run when a diagnostic is an error. */
  readonly graph: Graph;
  readonly diagnostics: readonly Diagnostic[];
}

const maxCells = 200_000;

export function plan(document: PipelineDocument): PlanResult {
  const diagnostics = new Diagnostics(null);
  const { report } = diagnostics;
  const { planned, absent } = planStages(document, report);
  const context = { document, planned, absent, report };
  const targets = resolveRefs(context);
  const order = orderStages(planned, targets, report);
  const cells = new Map<CellId, Cell>();
  const stages = new Map<string, StageNode>();
  const sources = new Map<string, SourceDoc>();
  for (const stage of order) {
    const builder = new StageBuilder(stage, targets.get(stage.doc.name) ?? new Map(), context);
    for (const index of stage.combinations.keys()) {
      const cell = builder.cell(index);
      cells.set(cell.id, cell);
    }
  }
  for (const stage of planned.values()) {
    const reads = readsOf(targets.get(stage.doc.name));
    for (const read of reads) {
      const source = read.startsWith('source.')
        ? document.sources.get(read.slice('source.'.length))
        : undefined;
      if (source) sources.set(source.name, source);
    }
    const { name, description, watch } = stage.doc;
    stages.set(name, { name, description, axes: stage.axes, cells: stage.ids, reads, watch });
  }
  checkFolders(planned, report);
  checkPlaces(cells.values(), document, report);
  const { resources, executors, executor, profile } = document;
  const graph = { cells, stages, sources, resources, executors, executor, profile };
  return { graph, diagnostics: diagnostics.all };
}

/** The combinations of every stage that has some; the others are `absent`. */
function planStages(document: PipelineDocument, report: Report): Pick<Context, 'planned' | 'absent'> {
  const absent = new Set<string>();
  const planned = new Map<string, PlannedStage>();
  let total = 0;
  for (const stage of document.stages.values()) {
    if (!isPresent(stage, document.params, report)) {
      absent.add(stage.name);
      continue;
    }
    const combinations = combinationsOf(stage.matrix, document.axes);
    total += combinations?.length ?? 0;
    const at = stage.matrix?.at ?? stage.at;
    if (combinations === null || total > maxCells) {
      const message =
        combinations === null
          ? `the axes of \`${stage.name}\` make more than ${maxCombinations} combinations`
          : `the pipeline has more than ${maxCells} cells`;
      report('too-many-cells', at, message, 'split it, or leave combinations out');
      absent.add(stage.name);
      continue;
    }
    if (combinations.length === 0) {
      report('empty-matrix', at, `\`only\` and \`exclude\` leave no cell of \`${stage.name}\``);
      absent.add(stage.name);
      continue;
    }
    const ids = combinations.map((values) =>
      cellId(
        stage.name,
        values.map((value) => value.name),
      ),
    );
    planned.set(stage.name, { doc: stage, axes: stage.matrix?.axes ?? [], combinations, ids });
  }
  return { planned, absent };
}

interface Context {
  readonly document: PipelineDocument;
  readonly planned: ReadonlyMap<string, PlannedStage>;
  /** Stages that `when` or a mistake took out. */
  readonly absent: ReadonlySet<string>;
  readonly report: Report;
}

function isPresent(stage: StageDoc, params: JsonObject, report: Report): boolean {
  if (stage.when === null) return true;
  const at = stage.where.get('when') ?? stage.at;
  const parts = parseTemplate(stage.when);
  const value = fill(stage.when, lookupIn(params, []));
  if (parts.length !== 1 || parts[0]?.kind !== 'ref' || (typeof value !== 'boolean' && value !== null)) {
    // A reference to a param that does not exist was reported when the file was read.
    if (parts.length === 1 && parts[0]?.kind !== 'text' && typeof value === 'string' && value === stage.when)
      return true;
    const message = '`when` is one `$' + '{params.…}` that is true, false or null';
    report(
      'wrong-value',
      at,
      parts.length === 1 && parts[0]?.kind === 'ref' ? `${message}; it is ${JSON.stringify(value)}` : message,
    );
    return true;
  }
  return value === true;
}

/** For each dep of a stage, what each of its texts stands for. A text that holds no axis is looked up once. */
type Targets = ReadonlyMap<string, ReadonlyMap<DepDoc, readonly DepTarget[]>>;

function resolveRefs(context: Context): Targets {
  const targets = new Map<string, Map<DepDoc, DepTarget[]>>();
  for (const stage of context.planned.values()) {
    const ofStage = new Map<DepDoc, DepTarget[]>();
    for (const dep of stage.doc.deps) {
      const perCell = refersToAxis(dep.ref);
      const combinations = perCell ? stage.combinations : [stage.combinations[0] ?? []];
      const known = new Map<string, DepTarget>();
      const found = combinations.map((values) => {
        const ref = fillText(dep.ref, lookupIn(context.document.params, named(stage.axes, values)));
        const target = known.get(ref) ?? resolveRef(ref, dep, stage.doc, context);
        known.set(ref, target);
        return target;
      });
      ofStage.set(dep, found);
    }
    targets.set(stage.doc.name, ofStage);
  }
  return targets;
}

function readsOf(targets: ReadonlyMap<DepDoc, readonly DepTarget[]> | undefined): string[] {
  const reads = new Set<string>();
  for (const found of targets?.values() ?? []) {
    for (const target of found) {
      if (target.kind === 'out') reads.add(target.stage.doc.name);
      if (target.kind === 'source') reads.add(`source.${target.source}`);
    }
  }
  return [...reads];
}

function named(axes: readonly string[], values: readonly AxisValue[]): [string, AxisValue][] {
  return axes.map((axis, index) => [axis, values[index] as AxisValue]);
}

function refersToAxis(value: Json): boolean {
  if (typeof value === 'string') {
    if (!value.includes('${')) return false;
    return parseTemplate(value).some((part) => part.kind === 'ref' && part.path[0] !== 'params');
  }
  if (value === null || typeof value !== 'object') return false;
  return Object.values(value).some((item: Json) => refersToAxis(item));
}

/** `itself`: what a cell that asks for it may know of itself, by the first word of a reference. */
function lookupIn(
  params: JsonObject,
  axes: readonly (readonly [string, AxisValue])[],
  itself: JsonObject = {},
): Lookup {
  return ([head = '', ...rest], inText) => {
    if (head === 'params') return valueAt(params, rest);
    if (Object.hasOwn(itself, head)) return valueAt(itself[head], rest);
    const axis = axes.find(([name]) => name === head)?.[1];
    if (rest.length > 0) return valueAt(axis?.value, rest);
    // Inside text a named value that is a map or a list can only be meant by its name.
    return inText && typeof axis?.value === 'object' && axis.value !== null ? axis.name : axis?.value;
  };
}

function upstreamOf(deps: readonly DepBinding[]): CellId[] {
  const upstream = new Set<CellId>();
  for (const dep of deps) {
    if (dep.kind === 'out') upstream.add(dep.cell);
    if (dep.kind === 'gather') for (const item of dep.items) upstream.add(item.cell);
  }
  return [...upstream];
}

/** Builds the cells of one stage; what does not depend on axes is filled in once and shared. */
class StageBuilder {
  readonly #stage: PlannedStage;
  readonly #targets: ReadonlyMap<DepDoc, readonly DepTarget[]>;
  readonly #context: Context;
  readonly #shared = new Map<unknown, unknown>();

  constructor(stage: PlannedStage, targets: ReadonlyMap<DepDoc, readonly DepTarget[]>, context: Context) {
    this.#stage = stage;
    this.#targets = targets;
    this.#context = context;
  }

  cell(index: number): Cell {
    const { doc, axes, combinations, ids } = this.#stage;
    const values = named(axes, combinations[index] ?? []);
    const plain = lookupIn(this.#context.document.params, values);
    const once = <T>(source: Json | readonly OutDoc[], key: string, make: () => T): T =>
      this.#once(source, key, make);
    const deps = this.#deps(index, values);
    const resources = once(doc.resources, 'resources', () =>
      resourcesOf(
        objectOf(fill(doc.resources, plain)),
        this.#context.document.resources,
        (name) => doc.where.get(`resources.${name}`) ?? doc.at,
        this.#context.report,
      ),
    );
    const lookup = lookupIn(this.#context.document.params, values, {
      cell: ids[index] as string,
      stage: doc.name,
      resources: { ...resources.named, cpu: resources.cpu, gpu: resources.gpu, memory: resources.memory },
    });
    const params = once(doc.params, 'params', () => objectOf(fill(doc.params, lookup)));
    const text = doc.run.kind === 'module' ? doc.run.file : doc.run.command;
    const outTexts = doc.outs.flatMap((out) => [out.path, out.place ?? '']);
    this.#checkCheckpoint(params);
    return {
      id: ids[index] as CellId,
      stage: doc.name,
      axes: Object.fromEntries(values.map(([axis, value]) => [axis, value.name])),
      axisValues: Object.fromEntries(values.map(([axis, value]) => [axis, value.value])),
      run: once(text, 'run', () => this.#run(lookup, deps)),
      params,
      deps,
      outs: once(outTexts, 'outs', () => this.#outs(lookup)),
      resources,
      executor: doc.executor,
      env: once(doc.env.set, 'env', () => ({ ...doc.env, set: textMap(doc.env.set, lookup) })),
      tools: once(Object.fromEntries(doc.tools), 'tools', () => this.#tools(plain)),
      checkpoint: doc.checkpoint,
      frozen: doc.frozen,
      always: doc.always,
      retries: doc.retries,
      timeoutMs: doc.timeoutMs,
      estimateMs: estimateOf(
        fill(doc.estimate, lookup),
        Object.fromEntries(values.map(([axis, value]) => [axis, value.name])),
        doc.where.get('estimate') ?? doc.at,
        this.#context.report,
      ),
      upstream: upstreamOf(deps),
    };
  }

  #tools(plain: Lookup): ReadonlyMap<string, string> {
    const { doc } = this.#stage;
    return new Map(
      [...doc.tools].map(([tool, command]) => {
        const at = doc.where.get(`tools.${tool}`) ?? doc.at;
        return [tool, shellTextOf(command, at, plain, this.#context.report)];
      }),
    );
  }

  #once<T>(source: Json | readonly OutDoc[], key: string, make: () => T): T {
    if (this.#shared.has(key)) return this.#shared.get(key) as T;
    const made = make();
    if (!refersToAxis(source as Json)) this.#shared.set(key, made);
    return made;
  }

  #deps(index: number, values: readonly [string, AxisValue][]): readonly DepBinding[] {
    const { doc } = this.#stage;
    const bindings: DepBinding[] = [];
    for (const dep of doc.deps) {
      const targets = this.#targets.get(dep) ?? [];
      const target = targets.length === 1 ? targets[0] : targets[index];
      const binding = target && bindDep(dep, target, { stage: this.#stage, values }, this.#context.report);
      if (binding) bindings.push(binding);
    }
    return bindings;
  }

  #run(lookup: Lookup, deps: readonly DepBinding[]): CellRun {
    const { run } = this.#stage.doc;
    if (run.kind === 'command') return commandOf(run, deps, lookup, this.#context.report);
    const file = fillText(run.file, lookup);
    const problem = unsafePath(file);
    if (problem !== null) this.#context.report('bad-path', run.at, `the module's path ${problem}`);
    return { ...run, file: normalPath(file) };
  }

  #outs(lookup: Lookup): readonly OutDoc[] {
    const { report } = this.#context;
    const taken = new Map<string, string>();
    return this.#stage.doc.outs.map((out) => {
      const path = fillText(out.path, lookup);
      const problem = unsafePath(path) ?? (normalPath(path) === '.' ? 'is the output folder itself' : null);
      if (problem !== null)
        report(
          'bad-path',
          out.at,
          `the path of out \`${out.name}\` ${problem}`,
          'name a file or folder below the cell’s output folder',
        );
      const normal = normalPath(path);
      for (const [other, name] of taken) {
        if (other !== normal && !other.startsWith(`${normal}/`) && !normal.startsWith(`${other}/`)) continue;
        const message =
          other === normal
            ? `has the path of out \`${name}\`, ${other}`
            : `and out \`${name}\` lie in one another`;
        report('duplicate-out', out.at, `out \`${out.name}\` ${message}`, 'give each out a path of its own');
      }
      taken.set(normal, out.name);
      const place = out.place === null ? null : fillText(out.place, lookup);
      return { ...out, path: normal, place: place === null ? null : this.#place(place, out) };
    });
  }

  #place(place: string, out: OutDoc): string {
    const normal = normalPath(place);
    const inside = normal === '.' ? 'is the project itself' : null;
    const kept = /^(cache|node_modules|\.git)(\/|$)/i.test(normal)
      ? `lies in ${normal.split('/')[0]}/, which is not for outs`
      : null;
    const problem = unsafePath(place) ?? inside ?? kept;
    if (problem !== null)
      this.#context.report(
        'bad-path',
        out.at,
        `the place of out \`${out.name}\` ${problem}`,
        'name a path inside the project',
      );
    return normal;
  }

  #checkCheckpoint(params: JsonObject): void {
    const { doc } = this.#stage;
    for (const [index, path] of (doc.checkpoint?.excluding ?? []).entries()) {
      let value: Json | undefined = params;
      for (const step of path.split('.'))
        value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
      if (value !== undefined) continue;
      const at = doc.where.get(`checkpoint.excluding.${index}`) ?? doc.at;
      this.#context.report(
        'unknown-param',
        at,
        `\`${path}\` is none of the stage's own params`,
        'name a path below `params` of this stage',
      );
    }
  }
}

function objectOf(value: Json): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textMap(texts: Readonly<Record<string, string>>, lookup: Lookup): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, fillText(text, lookup)]));
}

/** Two cells whose folders a case-insensitive file system would take for one. */
function checkFolders(planned: ReadonlyMap<string, PlannedStage>, report: Report): void {
  const folders = new Map<string, CellId>();
  for (const stage of planned.values()) {
    for (const id of stage.ids) {
      const folder = cellFolder(id).toLowerCase();
      const other = folders.get(folder);
      if (other !== undefined) {
        const at = stage.doc.matrix?.at ?? stage.doc.at;
        report(
          'cell-collision',
          at,
          `${id} and ${other} differ in case only: one folder on macOS and Windows`,
        );
      }
      folders.set(folder, id);
    }
  }
}
