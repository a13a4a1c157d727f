/**
 * The process that runs one attempt of a module stage: reads the job, imports the bundle, calls the stage.
 * Exit codes: 0 done, 1 the stage threw, 78 it breaks the protocol, 130 it was asked to end, 143 it was told to.
 * Starts hundreds of times in a study, so it imports nothing beyond node's core.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { Job } from './job.ts';
import { protocolExit } from './job.ts';
import { ContractError, eventFile, stageContext } from './stage-context.ts';

const controller = new AbortController();
process.on('SIGINT', () => controller.abort(new Error('the run was asked to end')));
process.on('SIGTERM', () => process.exit(143));

process.exit(await main());

async function main(): Promise<number> {
  const job = readJob();
  if (typeof job === 'string') return complain(job);
  if (job.module === null) return complain(`${job.cell} is a command, not a module`);
  try {
    const loaded: unknown = await import(pathToFileURL(job.module).href);
    const stage = defaultExport(loaded);
    if (typeof stage !== 'function') {
      return complain(
        `the module of stage ${job.stage} has no default export to call; write \`export default defineStage(async (context) => { … })\``,
      );
    }
    await stage(stageContext(job, controller.signal, eventFile(job.events)));
    return controller.signal.aborted ? 130 : 0;
  } catch (error) {
    if (controller.signal.aborted) {
      process.stderr.write(`ended on request: ${error instanceof Error ? error.message : inspect(error)}\n`);
      return 130;
    }
    process.stderr.write(`${stackOf(error)}\n`);
    return error instanceof ContractError ? protocolExit : 1;
  }
}

/** Without the frames of this program, which are the same for every stage. */
function stackOf(error: unknown): string {
  return inspect(error)
    .split('\n')
    .filter((line) => !/^\s+at /.test(line) || !line.includes(import.meta.url))
    .join('\n');
}

function complain(message: string): number {
  process.stderr.write(`${message}\n`);
  return protocolExit;
}

/** The job was written by the driver of this very package, so only what a mixed installation can break is checked. */
function readJob(): Job | string {
  const path = process.env.PIPE_JOB;
  if (path === undefined) return 'PIPE_JOB is not set: this program is started by `pipe run`';
  try {
    const job: Job = JSON.parse(readFileSync(path, 'utf8'));
    if (job.version === 1) return job;
    return `${path}: version ${job.version} of the job file is not known here; is another version of the package installed?`;
  } catch (error) {
    return `${path}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function defaultExport(loaded: unknown): unknown {
  return typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined;
}
