/**
 * Jobs that a queue has, or may have: written before anything is submitted, so that no crash of the driver loses one or
 * submits it twice. A job holds its cell for as long as its record is open, whoever drives the run: what it staged and
 * what it reads is left alone, and whoever locks the cell next goes on with the job instead of starting another.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import type { Json } from '../../lib/json.ts';
import { readOwnFile } from '../../lib/regular-file.ts';
import { removeTree } from '../../lib/remove-tree.ts';
import type { Key } from '../key/fingerprint.ts';
import type { CellId } from '../plan/graph.ts';
import type { Layout } from './layout.ts';

/** One cell of a submission. */
export interface JobCell {
  readonly cell: CellId;
  readonly key: Key;
  /** Which attempt of the cell in its run, from 1. */
  readonly attempt: number;
  /** Absolute folder of the attempt. */
  readonly folder: string;
  /** Absolute folder of what is staged. */
  readonly staging: string;
  /** The inputs as they were: src/pipe/cell/guard.ts reads it back. */
  readonly guard: Json;
  readonly memoryStep: number;
}

/** What was, or is about to be, submitted at once. */
export interface JobBatch {
  readonly version: 1;
  /** Also the name of its folder and of the job. */
  readonly batch: string;
  readonly executor: string;
  readonly run: string;
  /** The pipeline file, relative to the project. */
  readonly pipeline: string;
  /** ISO 8601. */
  readonly created: string;
  /** Indexes into `cells`, by task. */
  readonly tasks: readonly (readonly number[])[];
  readonly cells: readonly JobCell[];
}

export interface OpenJob
  extends JobCell,
    Pick<JobBatch, 'batch' | 'executor' | 'run' | 'pipeline' | 'created'> {
  readonly index: number;
}

const limitBytes = 512 * 1024 * 1024;

export function batchFolder(layout: Pick<Layout, 'jobs'>, batch: string): string {
  return join(layout.jobs, batch);
}

/** Every cell that a queue may have a job of. */
export function openJobs(layout: Layout): readonly OpenJob[] {
  return batchNames(layout).flatMap((name) => {
    const batch = readBatch(layout, name);
    return batch === null ? [] : openOf(layout, batch);
  });
}

export function batchNames(layout: Pick<Layout, 'jobs'>): readonly string[] {
  return namesIn(layout.jobs).filter((name) => /^pipe-[0-9a-f]+$/.test(name));
}

/** null: it was never submitted, or what is there is none of ours. */
export function readBatch(layout: Pick<Layout, 'jobs'>, name: string): JobBatch | null {
  try {
    const content = readOwnFile(join(batchFolder(layout, name), 'batch.json'), limitBytes);
    const value: unknown = JSON.parse(content.toString());
    return isBatch(value) && value.batch === name ? value : null;
  } catch {
    return null;
  }
}

/** Of a submission; entries whose paths lead out of the cache are nobody's. */
export function openOf(layout: Layout, batch: JobBatch): readonly OpenJob[] {
  const closed = new Set(namesIn(join(batchFolder(layout, batch.batch), 'closed')));
  const { batch: name, executor, run, pipeline, created } = batch;
  return batch.cells.flatMap((cell, index) =>
    closed.has(String(index)) ||
    !isInside(cell.staging, layout.staging) ||
    !isInside(cell.folder, layout.runs)
      ? []
      : [{ ...cell, batch: name, executor, run, pipeline, created, index }],
  );
}

/** The cell is published or given up. The last one takes the folder of the submission with it. */
export function closeJob(
  layout: Pick<Layout, 'jobs'>,
  { batch, index }: Pick<OpenJob, 'batch' | 'index'>,
): void {
  const folder = batchFolder(layout, batch);
  if (!existsSync(folder)) return;
  const closed = join(folder, 'closed');
  mkdirSync(closed, { recursive: true });
  writeFileSync(join(closed, String(index)), '');
  const record = readBatchSize(layout, batch);
  if (record !== null && namesIn(closed).length >= record) removeTree(folder);
}

const sizes = new Map<string, number>();

/** How many cells a submission has; remembered, because a batch never changes. */
function readBatchSize(layout: Pick<Layout, 'jobs'>, name: string): number | null {
  const known = sizes.get(name) ?? readBatch(layout, name)?.cells.length;
  if (known !== undefined) sizes.set(name, known);
  return known ?? null;
}

function isInside(path: string, folder: string): boolean {
  return normalize(path) === path && path.startsWith(`${folder}/`);
}

/** Written by this engine; of what a damaged disk or a stranger may have left, the fields that are used are looked at. */
function isBatch(value: unknown): value is JobBatch {
  if (typeof value !== 'object' || value === null) return false;
  const { version, batch, executor, run, pipeline, cells, tasks } = value as Partial<
    Record<keyof JobBatch, unknown>
  >;
  const texts = [batch, executor, run, pipeline];
  return (
    version === 1 &&
    texts.every((text) => typeof text === 'string') &&
    Array.isArray(tasks) &&
    Array.isArray(cells) &&
    cells.every(isJobCell)
  );
}

function isJobCell(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { cell, key, folder, staging } = value as Partial<Record<keyof JobCell, unknown>>;
  return [cell, key, folder, staging].every((text) => typeof text === 'string');
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
