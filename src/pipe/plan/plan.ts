/** PipelineDocument → Graph of cells. Pure: it opens no file, and everything that is wrong comes back at once. */
import type { Diagnostic } from '../../lib/diagnostics/diagnostic.ts';
import { Diagnostics, type Report } from '../../lib/diagnostics/diagnostics.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { DepDoc, PipelineDocument, SourceDoc, StageDoc } from '../config/document.ts';
import { fill, fillText, parseTemplate } from '../config/template.ts';
import { cellFolder, cellId } from './cell-id.ts';
import { type DepTarget, type PlannedStage, resolveRef } from './dep.ts';
import type { Cell, CellId, Graph, StageNode } from './graph.ts';
import { lookupIn, refersToAxis, valuesByAxis } from './lookup.ts';
import { combinationsOf, maxCombinations } from './matrix.ts';
import { orderStages } from './order.ts';
import { checkPlaces } from './out-places.ts';
import { StageBuilder } from './stage-builder.ts';

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
        const ref = fillText(dep.ref, lookupIn(context.document.params, valuesByAxis(stage.axes, values)));
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
