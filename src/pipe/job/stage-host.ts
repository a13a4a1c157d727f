/**
 * The process that runs an attempt of a module stage: reads the job, imports the bundle, calls the stage. A warm one
 * does so for cell after cell, as long as each leaves it as it was found; in all else it ends, as if it were its only one.
 * What the stage started must have ended too before the attempt counts: then `returned` is written beside the job.
 * Exit codes: 0 done, 1 the stage threw, 78 it breaks the protocol, 130 it was interrupted, 143 it was terminated.
 * Starts hundreds of times in a study, so it imports nothing beyond node's core.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import type { Job } from './job.ts';
import { protocolExit, returnedFile } from './job.ts';
import { ContractError, eventFile, stageContext } from './stage-context.ts';
import { Stay } from './stay.ts';
import { warmFlag } from './warm-channel.ts';

const stay = process.argv[2] === warmFlag ? new Stay() : null;
/** Of the cell that runs now. */
let controller = new AbortController();
process.on('SIGINT', () => controller.abort(new Error('the run was asked to end')));
process.on('SIGTERM', () => process.exit(143));

/** How long timers, workers and child processes may go on after the stage returned. */
const patienceMs = 5_000;
const lookEveryMs = 100;
/** Open after a stage returned without any harm: kept connections write no out. */
const harmless = new Set(['TCPSocketWrap', 'TLSWrap', 'TCPServerWrap', 'PipeWrap', 'TTYWrap']);
/** A file is being written or read: that ends by itself. */
const fileWork = new Set(['FSReqCallback', 'FSReqPromise', 'FSEventWrap']);

if (stay === null) begin();
// Node has a listener of its own until this program is loaded.
else if (stay.next()) setImmediate(begin);

// Not awaited at the top: a stage that waits for what never comes would end with a code of node's own.
function begin(): void {
  controller = new AbortController();
  void main().then((code) => {
    if (code !== 0) process.exit(code);
    afterStage();
  });
}

/** The event loop runs empty first: a stream that nobody awaited has then written what it had. */
function afterStage(): void {
  process.once('beforeExit', () => {
    clearInterval(looking);
    markReturned();
    if (stay?.done() !== true || !stay.next()) process.exit(0);
    // Something of the loop must wait for it: from Node 22 on an import alone does not keep the process.
    setImmediate(begin);
  });
  let since = performance.now();
  const looking = setInterval(() => {
    const open = process.getActiveResourcesInfo().filter((kind) => !harmless.has(kind));
    if (open.length === 0) {
      markReturned();
      process.exit(0);
    }
    if (open.some((kind) => fileWork.has(kind))) since = performance.now();
    if (performance.now() - since < patienceMs) return;
    const kinds = [...new Set(open)].join(', ');
    process.exit(
      complain(
        `the stage returned, but what it started goes on after ${patienceMs / 1000} s: ${kinds}. Await it, end it, or unref it before the stage returns`,
      ),
    );
  }, lookEveryMs);
  looking.unref();
}

function markReturned(): void {
  writeFileSync(returnedFile(dirname(process.env.PIPE_JOB ?? '')), '');
}

async function main(): Promise<number> {
  const job = readJob();
  if (typeof job === 'string') return complain(job);
  if (job.module === null) return complain('the job is of a command, not of a module');
  try {
    stay?.importing(job.module);
    const loaded: unknown = await import(pathToFileURL(job.module).href + freshly());
    stay?.imported(job.module);
    const stage = defaultExport(loaded);
    if (typeof stage !== 'function') {
      return complain(
        `the module has no default export to call; write \`export default defineStage(async (context) => { … })\``,
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

/** A module that is imported under another name is evaluated anew: its variables are those of a process of its own. */
function freshly(): string {
  return stay === null || stay.cells === 1 ? '' : `?cell=${stay.cells}`;
}

/** Without the frames of this program, which are the same for every stage. */
function stackOf(error: unknown): string {
  return inspect(error)
    .replaceAll(/\?cell=\d+/g, '')
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
    if (job.version === 2) return job;
    return `${path}: version ${job.version} of the job file is not known here; is another version of the package installed?`;
  } catch (error) {
    return `${path}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function defaultExport(loaded: unknown): unknown {
  return typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined;
}
