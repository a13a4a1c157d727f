/** A planned pipeline as JSON and back, so that a run with nothing new to plan needs neither YAML nor zod. */
import type { Position } from '../../lib/diagnostics/diagnostic.ts';
import type { PipelineDocument, SourceDoc } from '../config/document.ts';
import type { ExecutorDoc, QueueStageDoc } from '../config/executor-doc.ts';
import type { Cell, CellId, Graph, StageNode } from '../plan/graph.ts';

/** What the rest of the engine knows of a pipeline file. */
export interface PlannedPipeline
  extends Pick<PipelineDocument, 'file' | 'title' | 'description' | 'profiles' | 'params' | 'cache'> {
  readonly graph: Graph;
  /** Files that the pipeline names, for the check that they exist. */
  readonly files: readonly NamedFile[];
}
export interface NamedFile {
  readonly kind: 'module' | 'dep';
  readonly path: string;
  /** Paths of which one must exist; left out: `path`. */
  readonly places?: readonly string[];
  readonly at: Position;
}

type PlainCell = Omit<Cell, 'tools'> & { readonly tools: readonly (readonly [string, string])[] };

type Plain<Doc extends ExecutorDoc> = Doc extends ExecutorDoc
  ? Omit<Doc, 'stages'> & { readonly stages: readonly (readonly [string, QueueStageDoc])[] }
  : never;
type PlainExecutor = Plain<ExecutorDoc>;

interface PlainPipeline extends Omit<PlannedPipeline, 'graph'> {
  readonly profile: string | null;
  readonly cells: readonly PlainCell[];
  readonly stages: readonly StageNode[];
  readonly sources: readonly SourceDoc[];
  readonly resources: readonly (readonly [string, number])[];
  readonly executors: readonly PlainExecutor[];
  readonly executor: string | null;
}

export function planToJson({ graph, ...facts }: PlannedPipeline): string {
  const plain: PlainPipeline = {
    ...facts,
    profile: graph.profile,
    cells: Array.from(graph.cells.values(), (cell) => ({ ...cell, tools: [...cell.tools] })),
    stages: [...graph.stages.values()],
    sources: [...graph.sources.values()],
    resources: [...graph.resources],
    executors: Array.from(graph.executors.values(), (one) => ({ ...one, stages: [...one.stages] })),
    executor: graph.executor,
  };
  return JSON.stringify(plain);
}

/** `text` must come from `planToJson` of this very version: the caller's checksum and file name see to that. */
export function planFromJson(text: string): PlannedPipeline {
  const plain: PlainPipeline = JSON.parse(text);
  const { cells, stages, sources, resources, executors, executor, profile, ...facts } = plain;
  return {
    ...facts,
    graph: {
      cells: new Map(cells.map((cell): [CellId, Cell] => [cell.id, { ...cell, tools: new Map(cell.tools) }])),
      stages: new Map(stages.map((stage) => [stage.name, stage])),
      sources: new Map(sources.map((source) => [source.name, source])),
      resources: new Map(resources),
      executors: new Map(
        executors.map((one): [string, ExecutorDoc] => [one.name, { ...one, stages: new Map(one.stages) }]),
      ),
      executor,
      profile,
    },
  };
}
