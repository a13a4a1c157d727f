/** Deps: what a text stands for, and which cells that means for one reader. */

import type { Report } from '../../lib/diagnostics/diagnostics.ts';
import { didYouMean, listOf, nearest } from '../../lib/diagnostics/suggest.ts';
import type { AxisValue, DepDoc, PipelineDocument, StageDoc } from '../config/document.ts';
import { normalPath, unsafePath } from '../config/safe-path.ts';
import type { CellId, DepBinding, GatherItem } from './graph.ts';
import { signature } from './matrix.ts';

/** A stage with its cells' axis values and ids, in order. */
export interface PlannedStage {
  readonly doc: StageDoc;
  readonly axes: readonly string[];
  readonly combinations: readonly (readonly AxisValue[])[];
  readonly ids: readonly CellId[];
}

export type DepTarget =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'source'; readonly source: string }
  | { readonly kind: 'out'; readonly stage: PlannedStage; readonly out: string }
  /** Reported already, or about a stage that was. */
  | { readonly kind: 'wrong' };

interface Context {
  readonly document: PipelineDocument;
  readonly planned: ReadonlyMap<string, PlannedStage>;
  readonly absent: ReadonlySet<string>;
  readonly report: Report;
}

const wrong: DepTarget = { kind: 'wrong' };

/**
 * `source.name` and `stage.out` where what stands before the first dot is `source` or a stage; everything else is a path.
 * `./train.csv` is a path even when a stage is called train.
 */
export function resolveRef(ref: string, dep: DepDoc, reader: StageDoc, context: Context): DepTarget {
  const { document, planned, absent, report } = context;
  const dot = ref.indexOf('.');
  const head = dot < 0 ? ref : ref.slice(0, dot);
  const tail = dot < 0 ? '' : ref.slice(dot + 1);
  if (head === 'source') {
    if (document.sources.has(tail)) return { kind: 'source', source: tail };
    if (!document.broken.has(ref)) {
      const hint = didYouMean(tail, document.sources.keys()) ?? `there is ${listOf(document.sources.keys())}`;
      report('unknown-dep', dep.at, `no source is called \`${tail}\``, hint);
    }
    return wrong;
  }
  if (document.broken.has(head)) return wrong;
  const doc = document.stages.get(head);
  if (!doc) return pathTarget(ref, dep, context);
  const outs = doc.outs.map((out) => out.name);
  if (!outs.includes(tail)) {
    const near = didYouMean(
      `${head}.${tail}`,
      outs.map((out) => `${head}.${out}`),
    );
    const file = near === undefined ? '; a file' : ' A file';
    const has = `it has ${listOf(outs.map((out) => `${head}.${out}`))}`;
    const message =
      tail === ''
        ? `\`${ref}\` is a stage; a dep names one of its outs`
        : `stage \`${head}\` has no out \`${tail}\``;
    report(
      'unknown-dep',
      dep.at,
      message,
      (near ?? has) + (tail === '' ? '' : `${file} of that name is written ./${ref}`),
    );
    return wrong;
  }
  const stage = planned.get(head);
  if (stage) return { kind: 'out', stage, out: tail };
  if (absent.has(head) && doc.when !== null) {
    const message = `stage \`${head}\` is left out by its \`when: ${doc.when}\`, and \`${reader.name}\` needs it`;
    report('absent-dep', dep.at, message, 'give both stages the same `when`, or make the dep a param');
  }
  return wrong;
}

function pathTarget(ref: string, dep: DepDoc, context: Context): DepTarget {
  const { document, report } = context;
  const problem = unsafePath(ref);
  if (problem !== null) {
    const outside = problem === 'is absolute' || problem.includes('..');
    const hint = outside
      ? 'data from outside the project is a source: sources: {name: {paths: [...]}}'
      : undefined;
    report('bad-path', dep.at, `the path of dep \`${dep.name}\` ${problem}`, hint);
    return wrong;
  }
  // `trian.weights`: no stage, but nearly `train.weights`, which exists.
  const refs = [...document.stages.values()].flatMap((stage) =>
    stage.outs.map((out) => `${stage.name}.${out.name}`),
  );
  refs.push(...[...document.sources.keys()].map((name) => `source.${name}`));
  const near = ref.includes('/') || !ref.includes('.') ? undefined : nearest(ref, refs);
  if (near !== undefined && near.slice(near.indexOf('.')) === ref.slice(ref.indexOf('.'))) {
    const hint = `did you mean \`${near}\`? A file of that name is written ./${ref}`;
    report('unknown-dep', dep.at, `no stage is called \`${ref.slice(0, ref.indexOf('.'))}\``, hint);
    return wrong;
  }
  return { kind: 'path', path: normalPath(ref) };
}

/** Producer's cells by the values of the axes they share with a reader; made once a pair of stage and axes. */
const groups = new WeakMap<PlannedStage, Map<string, ReadonlyMap<string, readonly number[]>>>();

function grouped(producer: PlannedStage, shared: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const known = groups.get(producer) ?? new Map<string, ReadonlyMap<string, readonly number[]>>();
  groups.set(producer, known);
  const name = signature(shared);
  const made = known.get(name);
  if (made) return made;
  const positions = shared.map((axis) => producer.axes.indexOf(axis));
  const group = new Map<string, number[]>();
  for (const [index, values] of producer.combinations.entries()) {
    const key = signature(positions.map((position) => values[position]?.name ?? ''));
    const members = group.get(key);
    if (members) members.push(index);
    else group.set(key, [index]);
  }
  known.set(name, group);
  return group;
}

/** A dep of the reader's cell with these axis values. Undefined when it stands for nothing, which is reported. */
export function bindDep(
  dep: DepDoc,
  target: DepTarget,
  {
    stage: reader,
    values,
  }: { readonly stage: PlannedStage; readonly values: readonly (readonly [string, AxisValue])[] },
  report: Report,
): DepBinding | undefined {
  const { name } = dep;
  const gather = reader.doc.gather.get(name);
  const gatherAt = reader.doc.where.get(`gather.${name}`) ?? dep.at;
  if (target.kind === 'wrong') return undefined;
  if (target.kind !== 'out') {
    if (gather)
      report('gather-axis', gatherAt, `dep \`${name}\` is no stage's out: there is nothing to gather`);
    return target.kind === 'path'
      ? { kind: 'path', name, path: target.path }
      : { kind: 'source', name, source: target.source };
  }
  const producer = target.stage;
  const shared = values.filter(([axis]) => producer.axes.includes(axis));
  const over = producer.axes.filter((axis) => !shared.some(([name]) => name === axis));
  for (const axis of Object.keys(gather?.min ?? {})) {
    if (over.includes(axis)) continue;
    const at = reader.doc.where.get(`gather.${name}.min.${axis}`) ?? gatherAt;
    const hint =
      didYouMean(axis, over) ??
      (over.length === 0 ? 'both stages have the same axes' : `gathered are ${listOf(over)}`);
    report('gather-axis', at, `\`${axis}\` is no axis that dep \`${name}\` is gathered over`, hint);
  }
  const group = grouped(
    producer,
    shared.map(([axis]) => axis),
  );
  const members = group.get(signature(shared.map(([, value]) => value.name))) ?? [];
  if (members.length === 0) {
    const cell = shared.map(([axis, value]) => `${axis}=${value.name}`).join(', ');
    const message = `the matrix of \`${producer.doc.name}\` has no cell with ${cell}, which \`${reader.doc.name}\` needs`;
    report('missing-cell', dep.at, message, 'leave the same combinations out of both');
    return undefined;
  }
  if (over.length === 0)
    return { kind: 'out', name, cell: producer.ids[members[0] as number] as CellId, out: target.out };
  const items = members.map((index): GatherItem => {
    const axes = producer.axes.map((axis, position) => [
      axis,
      producer.combinations[index]?.[position]?.name ?? '',
    ]);
    return { cell: producer.ids[index] as CellId, out: target.out, axes: Object.fromEntries(axes) };
  });
  return { kind: 'gather', name, over, items, min: gather?.min ?? {} };
}
