/** A submission's folder: everything its jobs need, written before the queue hears of it. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../../lib/replace-file.ts';
import type { ExecutorDoc } from '../../config/executor-doc.ts';
import type { Attempt } from '../../job/attempt.ts';
import type { Layout } from '../../store/layout.ts';
import { batchFolder, type JobBatch } from '../../store/open-jobs.ts';
import type { Tracked } from '../executor.ts';
import type { Asked } from './asked.ts';
import { quotedWord, scriptHead } from './job-script.ts';
import { type JobTask, jobFiles, type PlainAttempt } from './job-task.ts';
import { jobRunnerFile } from './runner-file.ts';

export interface Ready {
  readonly attempt: Attempt;
  readonly tracked: Tracked;
  readonly asked: Asked;
}

export interface BatchPlace {
  readonly layout: Layout;
  readonly doc: ExecutorDoc;
  readonly run: string;
  readonly pipeline: string;
  readonly project: string;
}

/** `ready` ask for the same. What is on the disk when this returns survives a loss of power. */
export async function writeBatch(ready: readonly Ready[], place: BatchPlace): Promise<JobBatch> {
  const { layout, doc, run, pipeline } = place;
  const batch = `pipe-${randomBytes(6).toString('hex')}`;
  const folder = batchFolder(layout, batch);
  const asked = ready[0]?.asked;
  if (!asked) throw new Error('a submission has no cell');
  const tasks: number[][] = [];
  for (let from = 0; from < ready.length; from += asked.pack)
    tasks.push(ready.slice(from, from + asked.pack).map((_, index) => from + index));
  for (const name of ['tasks', 'started', 'results', 'beats', 'output', 'closed'])
    mkdirSync(join(folder, name), { recursive: true });
  for (const [number, indexes] of tasks.entries()) {
    const task = taskOf(indexes, ready, doc);
    writeFileSync(jobFiles.task(folder, number), JSON.stringify(task), { mode: 0o600 });
  }
  writeFileSync(jobFiles.script(folder), script(folder, place, await jobRunnerFile()), { mode: 0o700 });
  const record: JobBatch = {
    version: 1,
    batch,
    executor: doc.name,
    run,
    pipeline,
    created: new Date().toISOString(),
    tasks,
    cells: ready.map(({ attempt, tracked }) => ({
      ...tracked,
      folder: attempt.folder,
      memoryStep: attempt.memoryStep,
    })),
  };
  replaceFile(jobFiles.batch(folder), JSON.stringify(record), true);
  return record;
}

function taskOf(indexes: readonly number[], ready: readonly Ready[], doc: ExecutorDoc): JobTask {
  const timeMs = ready[0]?.asked.timeMs ?? null;
  return {
    version: 1,
    parallel: doc.parallel,
    warnAfterMs: timeMs === null ? null : Math.max(1_000, timeMs - doc.warningMs),
    warningMs: doc.warningMs,
    cells: indexes.flatMap((index) => {
      const one = ready[index];
      if (!one) return [];
      return [{ index, attempt: plain(one.attempt), gpu: one.asked.gpu, memory: one.asked.memory }];
    }),
  };
}

/** No value of a passed variable is in any file. */
function plain({ secrets: _, ...attempt }: Attempt): PlainAttempt {
  const env = Object.fromEntries(
    Object.entries(attempt.env).filter(([name]) => !attempt.pass.includes(name)),
  );
  return { ...attempt, env };
}

function script(folder: string, { doc, project }: BatchPlace, runner: string): string {
  const words = [doc.node ?? process.execPath, runner, folder].map(quotedWord).join(' ');
  const wrap = doc.wrap === null ? '' : `${doc.wrap} `;
  return [
    ...scriptHead(doc, project),
    // Grid Engine counts from 1 and says "undefined" outside an array; PBS and Slurm count as they are asked to.
    `exec ${wrap}${words} "\${SLURM_ARRAY_TASK_ID:-0}"`,
    '',
  ].join('\n');
}
