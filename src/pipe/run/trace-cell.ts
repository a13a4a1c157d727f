/** Runs a cell once under strace and says which files it opened without declaring them. Publishes nothing. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { AccessRecord } from '../access/accesses.ts';
import { type Advice, adviceFor } from '../access/advice.ts';
import type { Strace } from '../access/strace.ts';
import { undeclared } from '../access/undeclared.ts';
import { localExecutor } from '../exec/local.ts';
import { stageEnvironment } from '../job/environment.ts';
import { stageHostFile } from '../job/host-file.ts';
import type { JobDep } from '../job/job.ts';
import { Masker, secretsOf } from '../job/mask.ts';
import { pythonHostFile } from '../job/python-host-file.ts';
import type { Graph } from '../plan/graph.ts';
import { layoutOf } from '../store/layout.ts';
import { beginScratch, type ScratchRun, scratchAttempt } from './scratch-run.ts';

export interface TraceOptions extends Omit<ScratchRun, 'executor'> {
  readonly graph: Graph;
  /** The pipeline file, relative to the project. */
  readonly pipeline: string;
  readonly strace: Strace;
}

/** Empty: it declares all that it opened. @throws UserError when the cell cannot run, or fails */
export async function traceCell(options: TraceOptions): Promise<readonly Advice[]> {
  const { cell, workspace, project, env } = options;
  const work = await beginScratch({ cell, workspace }, 'trace');
  // Nobody else's to read: names of files may tell secrets.
  const scratch = await mkdtemp(join(tmpdir(), 'pipe-trace-'));
  const record = join(scratch, 'strace.txt');
  const executor = localExecutor(undefined, { under: options.strace(record) });
  try {
    await scratchAttempt({ ...options, executor }, work, join(scratch, 'attempt'));
    const accesses = new AccessRecord(project);
    for await (const line of createInterface({ input: createReadStream(record) })) accesses.line(line);
    const layout = layoutOf(project, options.pipeline);
    const found = undeclared(accesses.accesses, {
      project,
      reads: [...work.reads, ...Object.values(work.deps).flatMap(pathsOf), layout.code],
      writes: [scratch, work.staged],
      engine: [dirname(await stageHostFile()), dirname(pythonHostFile())],
      path: stageEnvironment(cell.env, env, project).PATH ?? '',
      temporary: [tmpdir(), '/tmp', '/var/tmp'],
    });
    const masker = new Masker(secretsOf(cell.env, env));
    return adviceFor(cell, found, { graph: options.graph, layout, project }).map((one) => ({
      ...one,
      path: masker.text(one.path),
      line: masker.text(one.line),
    }));
  } finally {
    await work.abandon();
    await executor.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

function pathsOf(dep: JobDep): readonly string[] {
  return dep.kind === 'one' ? [dep.path] : dep.items.map(({ path }) => path);
}
