/** The cells of one stage, from its document and one combination of its axes' values each. */
import type { Report } from '../../lib/diagnostics/diagnostics.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { isJsonObject } from '../../lib/json.ts';
import type { AxisValue, DepDoc, OutDoc, PipelineDocument } from '../config/document.ts';
import { normalPath, unsafePath } from '../config/safe-path.ts';
import { fill, fillText, type Lookup } from '../config/template.ts';
import { commandOf, shellTextOf } from './command.ts';
import { bindDep, type DepTarget, type PlannedStage } from './dep.ts';
import { estimateOf } from './estimate.ts';
import type { Cell, CellId, CellRun, DepBinding } from './graph.ts';
import { lookupIn, refersToAxis, valuesByAxis } from './lookup.ts';
import { resourcesOf } from './resources.ts';

/** What a stage's cells are built from besides the stage. */
interface Context {
  readonly document: PipelineDocument;
  readonly report: Report;
}

/** Builds the cells of one stage; what does not depend on axes is filled in once and shared. */
export class StageBuilder {
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
    const values = valuesByAxis(axes, combinations[index] ?? []);
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

function upstreamOf(deps: readonly DepBinding[]): CellId[] {
  const upstream = new Set<CellId>();
  for (const dep of deps) {
    if (dep.kind === 'out') upstream.add(dep.cell);
    if (dep.kind === 'gather') for (const item of dep.items) upstream.add(item.cell);
  }
  return [...upstream];
}
