/** Where things lie in a project's cache folder. */
import { join } from 'node:path';
import type { Sha256 } from '../../lib/sha256.ts';
import type { Key } from '../key/fingerprint.ts';
import { cellFolder } from '../plan/cell-id.ts';
import type { CellId } from '../plan/graph.ts';

/** Name of the cache folder in the project. */
export const cacheFolderName = 'cache';

/** The pipeline file whose results lie where a project has only one. */
const mainPipeline = 'pipeline.yaml';

/** Where the report of a pipeline lies, relative to the project. */
export function reportFolder(pipeline: string): string {
  return pipeline === mainPipeline ? 'reports' : `reports/${pipeline.replace(/\.ya?ml$/, '')}`;
}

export interface Layout {
  /** Absolute, as are all of these. */
  readonly root: string;
  /** File contents and listings by digest: read-only files, each whole from the moment it is seen. */
  readonly objects: string;
  /** What a key produced. */
  readonly manifests: string;
  /** Contents of the store under a name, read-only: what stages are given to read. Made again when they are gone. */
  readonly views: string;
  /** Outs in place, where people open them. */
  readonly cells: string;
  /** What is in place for each cell. */
  readonly state: string;
  readonly locks: string;
  /** Work in progress; what a dead run left here is removed. */
  readonly staging: string;
  readonly checkpoints: string;
  /** Bundles of traced code. */
  readonly code: string;
  readonly runs: string;
  /** Jobs in queues, from before they are submitted until their cells are published or given up. */
  readonly jobs: string;
  /** Accelerators: may be deleted. */
  readonly index: string;
  /** Entries that were found bad, and outs whose inputs changed under way. */
  readonly quarantine: string;
}

/**
 * `pipeline`: the pipeline file, relative to the project. What is in place is kept apart for each file: two files may
 * both have a stage `train`. Objects, manifests and runs are shared: they go by key, or name their pipeline. So are locks:
 * gc asks them for all that is at work.
 */
export function layoutOf(project: string, pipeline = mainPipeline): Layout {
  const root = join(project, cacheFolderName);
  const at = (name: string) => join(root, name);
  const own = pipeline === mainPipeline ? root : join(root, 'pipelines', pipeline);
  return {
    root,
    objects: at('objects'),
    manifests: at('manifests'),
    views: at('views'),
    cells: join(own, 'cells'),
    state: join(own, 'state'),
    locks: at('locks'),
    staging: at('staging'),
    checkpoints: at('checkpoints'),
    code: at('code'),
    runs: at('runs'),
    jobs: at('jobs'),
    index: at('index'),
    quarantine: at('quarantine'),
  };
}

export function objectFile(layout: Layout, sha256: Sha256): string {
  return join(layout.objects, sha256.slice(0, 2), sha256.slice(2));
}

export function manifestFile(layout: Layout, key: Key): string {
  return join(layout.manifests, key.slice(0, 2), `${key}.json`);
}

const folders = new Map<CellId, string>();

/** `cellFolder`, remembered: a run that has nothing to do asks for little else. */
export function folderOf(cell: CellId): string {
  let folder = folders.get(cell);
  if (folder === undefined) {
    folder = cellFolder(cell);
    folders.set(cell, folder);
  }
  return folder;
}
