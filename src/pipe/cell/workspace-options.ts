/** What a workspace is opened with. */
import type { Graph } from '../plan/graph.ts';
import type { SourceLookup } from '../sources/source.ts';

export interface WorkspaceOptions {
  /** Absolute path of the project folder. */
  readonly project: string;
  /** The pipeline file, relative to the project; left out: pipeline.yaml. */
  readonly pipeline?: string;
  readonly graph: Graph;
  /** The run's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where `look` and `status` look for a source: downloads nothing. */
  readonly source: SourceLookup;
  /** The same for a cell that is to run, which may download; left out: `source`. */
  readonly fetch?: SourceLookup;
  /** Nothing of the pipeline is run but `tools` commands that this user has run here before. */
  readonly looksOnly?: boolean;
  /** The project whose `tools` commands count as run by this user; left out: `project`. */
  readonly toolsOf?: string;
}
