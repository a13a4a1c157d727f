/** `pipe doctor`: what this machine has, and what a run here would miss. */

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { bytesText } from '../../lib/format.ts';
import { localName } from '../config/executor-doc.ts';
import type { Finding } from '../exec/finding.ts';
import { executorChoice, executorOf } from '../plan/executor-choice.ts';
import type { Cell } from '../plan/graph.ts';
import { cacheFolderName, layoutOf } from '../store/layout.ts';
import { type Command, type Invocation, jsonFlag, type Parsed } from './command.ts';
import { columns } from './table.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'check this machine: what is there, what is missing',
  usage: '[flags]',
  flags: {
    ...jsonFlag,
    executor: { type: 'string', value: 'NAME', help: 'Check that executor; submits one small job to it' },
  },
  examples: [
    ['pipe doctor', 'exit code 1 when a run here cannot work'],
    ['pipe doctor --executor lab', 'whether its queue, its hosts and the shared folder work'],
  ],
  async run(parsed, invocation) {
    const { project, stdout, env } = invocation;
    const findings = [
      node(),
      processors(),
      ...cacheFolder(project),
      ...(await pythons(project, env)),
      await program('git', ['--version'], 'the report cannot name the revision'),
      await gpus(),
      await program('sbatch', ['--version'], 'no Slurm here: stages run on this machine'),
      ...(await executor(parsed, invocation)),
    ];
    if (parsed.is('json')) stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
    else stdout.write(columns(findings.map(({ what, state, detail }) => [what, `[${state}]`, detail])));
    return findings.some(({ state }) => state === 'problem') ? exitCode.failed : exitCode.ok;
  },
};

/** What the executor that was named says of itself. @throws UserError (exit 2) when the file has none of that name */
async function executor(parsed: Parsed, { project, env }: Invocation): Promise<readonly Finding[]> {
  const name = parsed.text('executor');
  if (name === null || name === localName) return [];
  const { openPlan } = await import('../project/open-plan.ts');
  const options = { file: 'pipeline.yaml', profile: null, set: [], checkFiles: false };
  const { graph } = await openPlan(project, options);
  const choice = executorChoice(graph, [name]);
  const doc = graph.executors.get(name);
  if (!doc) return [];
  const [{ checkQueue }, { askedBy }] = await Promise.all([
    import('../exec/queue/check-queue.ts'),
    import('../exec/queue/asked.ts'),
  ]);
  const cells = [...graph.cells.values()].filter((cell) => executorOf(cell, graph, choice) === name);
  const gpu = cells.reduce((most, cell) => Math.max(most, askedBy(cell, doc).gpu), 0);
  return checkQueue({ doc, layout: layoutOf(project), project, env, gpu });
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const good = major > 20 || (major === 20 && minor >= 19);
  return {
    what: 'node',
    state: good ? 'ok' : 'problem',
    detail: `${process.version}${good ? '' : ', 20.19 or newer is needed'}`,
  };
}

function processors(): Finding {
  return {
    what: 'machine',
    state: 'ok',
    detail: `${availableParallelism()} processors, ${bytesText(totalmem())}`,
  };
}

/** Whether outs can be written, and how fine the file system's clock is: stats younger than that are not trusted. */
function cacheFolder(project: string): Finding[] {
  const folder = join(project, cacheFolderName);
  const fresh = !existsSync(folder);
  const probe = join(folder, `doctor-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(probe, 'a');
    const first = statSync(probe, { bigint: true }).mtimeNs;
    const started = performance.now();
    let second = first;
    while (second === first && performance.now() - started < 2500) {
      writeFileSync(probe, 'b');
      second = statSync(probe, { bigint: true }).mtimeNs;
    }
    const step =
      second === first ? 'coarser than 2.5 s' : `${(Number(second - first) / 1e6).toFixed(1)} ms or finer`;
    return [
      { what: 'cache folder', state: 'ok', detail: folder },
      { what: 'file times', state: 'ok', detail: step },
    ];
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ what: 'cache folder', state: 'problem', detail: `cannot be written: ${detail}` }];
  } finally {
    rmSync(probe, { force: true });
    if (fresh) rmSync(folder, { force: true, recursive: true });
  }
}

async function program(name: string, version: readonly string[], without: string): Promise<Finding> {
  try {
    const { stdout } = await promisify(execFile)(name, version, { timeout: 10_000 });
    return { what: name, state: 'ok', detail: stdout.split('\n')[0] ?? '' };
  } catch {
    return { what: name, state: 'absent', detail: without };
  }
}

/** What the project's stages in Python run with; of a project without any: whether there is a Python. */
async function pythons(project: string, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { cells } = await plannedCells(project);
  const named = [...cells].flatMap(({ run, env: of }) =>
    run.python === null ? [] : [{ python: run.python, of }],
  );
  if (named.length === 0)
    return [await program('python3', ['--version'], 'no Python: stages in it cannot run')];
  const { checkPython } = await import('../trace/python/check-python.ts');
  const { stageEnvironment } = await import('../job/environment.ts');
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const { python, of } of named) {
    const name = JSON.stringify([python.interpreter, python.locks]);
    if (seen.has(name)) continue;
    seen.add(name);
    const checked = await checkPython(python, project, stageEnvironment(of, env, project));
    const what = 'python';
    findings.push({ what, state: checked.good ? 'ok' : 'problem', detail: checked.detail });
    for (const { good, detail } of checked.locks)
      findings.push({ what: 'python lock', state: good ? 'ok' : 'problem', detail });
  }
  return findings;
}

/** None where the file is not there or has mistakes, which every other verb says. */
async function plannedCells(project: string): Promise<{ readonly cells: Iterable<Cell> }> {
  const { openPlan } = await import('../project/open-plan.ts');
  try {
    const opened = await openPlan(project, {
      file: 'pipeline.yaml',
      profile: null,
      set: [],
      checkFiles: false,
    });
    return { cells: opened.graph.cells.values() };
  } catch (error) {
    if (error instanceof UserError) return { cells: [] };
    throw error;
  }
}

async function gpus(): Promise<Finding> {
  const { probeGpus } = await import('../exec/gpu.ts');
  const found = await probeGpus();
  if (found.length === 0) {
    return {
      what: 'gpu',
      state: 'absent',
      detail: 'no GPU: stages that want one run one at a time, with a warning',
    };
  }
  const limit = process.env.CUDA_VISIBLE_DEVICES;
  const within = limit === undefined ? '' : `, of which CUDA_VISIBLE_DEVICES gives ${limit}`;
  return { what: 'gpu', state: 'ok', detail: `${found.length} listed by nvidia-smi${within}` };
}
