/**
 * What a job is given and what it leaves, as files in the folder of its submission: everything a host needs to run a cell
 * without the driver. Results and signs of life are written by the job itself, each whole or not at all.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attempt } from '../../job/attempt.ts';
import type { Ended } from '../executor.ts';
import type { Usage } from '../usage.ts';

/** An attempt without what only the host knows: values of passed variables. */
export type PlainAttempt = Omit<Attempt, 'secrets'>;

export interface JobTask {
  readonly version: 1;
  readonly cells: readonly TaskCell[];
  /** How many of them run at once. */
  readonly parallel: number;
  /** Milliseconds after which its cells are asked to write a checkpoint, because the job's time is nearly up; null: no bound. */
  readonly warnAfterMs: number | null;
  /** Milliseconds that they have for that. */
  readonly warningMs: number;
}

export interface TaskCell {
  /** In the submission. */
  readonly index: number;
  readonly attempt: PlainAttempt;
  /** GPUs and bytes of memory that it asked for. */
  readonly gpu: number;
  readonly memory: number;
}

/** Written when a host begins a cell. */
export interface StartRecord {
  readonly host: string;
  readonly gpus: readonly number[];
  /** The queue's id of the job, as the job knows it; empty: it does not. */
  readonly job: string;
  readonly at: string;
}

export type RecordedEnd = Exclude<Ended, { kind: 'lost' | 'left' }>;

/** Written when a cell has ended: the truth about it, whatever the queue says. */
export interface ResultRecord {
  readonly version: 1;
  readonly ended: RecordedEnd;
  readonly wallMs: number;
  readonly usage: Usage | null;
  readonly host: string;
}

export const jobFiles = {
  batch: (folder: string) => join(folder, 'batch.json'),
  revoked: (folder: string) => join(folder, 'revoked.json'),
  submitted: (folder: string) => join(folder, 'submitted.json'),
  script: (folder: string) => join(folder, 'script.sh'),
  task: (folder: string, task: number) => join(folder, 'tasks', `${task}.json`),
  /** Where a task says that it runs, again and again. */
  beats: (folder: string) => join(folder, 'beats'),
  started: (folder: string) => join(folder, 'started'),
  results: (folder: string) => join(folder, 'results'),
  output: (folder: string) => join(folder, 'output'),
} as const;

/** Whoever reads it finds all of it or nothing. */
export function writeWhole(folder: string, name: string, value: unknown): void {
  const aside = join(folder, `.${name}-${process.pid}`);
  writeFileSync(aside, `${JSON.stringify(value)}\n`);
  renameSync(aside, join(folder, name));
}
