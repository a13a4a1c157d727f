/** `pipe shell CELL`: a shell, or an interpreter, in which everything is as the cell's stage finds it. Publishes nothing. */
import { spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { printable } from '../../lib/printable.ts';
import type { JobDep } from '../job/job.ts';
import type { Cell } from '../plan/graph.ts';
import type { OpenedCell } from '../run/open-cell.ts';
import { type Command, type Invocation, jsonFlag, type Parsed, pipelineFlags, printJson } from './command.ts';
import { planOf, targeted, withWorkspace } from './project.ts';
import { columns } from './table.ts';

export const shell: Command = {
  name: 'shell',
  summary: 'open a shell with what a cell’s stage sees',
  usage: 'CELL [flags] [-- ARGUMENT…]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    command: { type: 'string', short: 'c', value: 'COMMAND', help: 'Run this and leave, with its exit code' },
    python: { type: 'boolean', help: 'The stage’s Python in place of a shell' },
    jupyter: { type: 'boolean', help: 'Jupyter on the stage’s Python, where it is installed' },
  },
  examples: [
    ["pipe shell 'train[baseline,0]'", '$SHELL with the cell’s environment, deps, params and scratch outs'],
    [
      "pipe shell 'train[baseline,0]' --python",
      '`from pipe_stage import params, dep, out` works as in the stage',
    ],
    [
      "pipe shell 'train[baseline,0]' -c 'sh $PIPE_SCRATCH/run-stage'",
      'the stage itself, with its output here',
    ],
    [
      "pipe shell 'train[baseline,0]' --jupyter -- --no-browser --port 8899",
      'What stands after -- goes to the program: here to Jupyter, which as root also wants --allow-root',
    ],
  ],
  async run(parsed, invocation) {
    const opened = await planOf(parsed, invocation);
    const named = parsed.arguments.slice(0, parsed.arguments.length - passedOn(parsed).length);
    const ids = named.length === 0 ? [] : targeted(opened.graph, named);
    const cell = opened.graph.cells.get(ids[0] ?? ('' as never));
    if (ids.length !== 1 || !cell)
      throw new UserError(
        ids.length === 0 ? 'pipe shell needs a cell' : `pipe shell opens one cell, not ${ids.length}`,
        { code: exitCode.usage, hint: ids.length === 0 ? '`pipe ls` lists the cells' : `'${ids[0]}' is one` },
      );
    return withWorkspace(
      opened,
      invocation,
      async (workspace) => {
        await workspace.status();
        const { gpusFor } = await import('./gpus-for.ts');
        const { openCell } = await import('../run/open-cell.ts');
        const { project, env } = invocation;
        const gpus = await gpusFor(cell, env);
        const found = await openCell({ project, cell, env, workspace, gpus });
        return enter(parsed, invocation, cell, found);
      },
      { runs: true },
    );
  },
};

async function enter(
  parsed: Parsed,
  invocation: Invocation,
  cell: Cell,
  opened: OpenedCell,
): Promise<number> {
  const { stderr } = invocation;
  const { scratch, attempt } = opened;
  if (parsed.is('json')) {
    const { job, env } = attempt;
    printJson(invocation, {
      cell: cell.id,
      scratch,
      job: opened.env.PIPE_JOB,
      deps: job.deps,
      params: job.params,
      outs: job.outs,
      env: Object.keys(env),
      runStage: opened.runStage,
    });
    return exitCode.ok;
  }
  try {
    const program = await programFor(parsed, invocation, opened);
    if (parsed.text('command') === null) stderr.write(printable(greeting(cell, opened)));
    return await run(program, invocation, opened, parsed.text('command') === null);
  } finally {
    if (
      readdirSync(join(scratch, 'outs'), { recursive: true, withFileTypes: true }).some((one) => one.isFile())
    )
      stderr.write(`nothing was published; the outs are in ${join(scratch, 'outs')}, yours to delete\n`);
    else rmSync(scratch, { recursive: true, force: true });
  }
}

/** What stands after `--`: for the program that is started. */
function passedOn({ argv }: Parsed): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? [] : argv.slice(end + 1);
}

type Program = readonly [file: string, args: readonly string[]];

async function programFor(
  parsed: Parsed,
  { env }: Invocation,
  { attempt, env: own }: OpenedCell,
): Promise<Program> {
  const command = parsed.text('command');
  const more = passedOn(parsed);
  if (!parsed.is('python') && !parsed.is('jupyter'))
    return [env.SHELL || '/bin/sh', command === null ? more : ['-c', command, ...commandName(more)]];
  const { run } = attempt;
  const [python, ...first] = (run.kind === 'module' ? run.python?.interpreter : undefined) ?? ['python3'];
  if (!parsed.is('jupyter'))
    return [python, [...first, ...(command === null ? ['-q'] : ['-c', command]), ...more]];
  for (const module of ['jupyterlab', 'notebook'])
    if (await succeeds([python, [...first, '-m', module, '--version']], own))
      return [python, [...first, '-m', module, ...more]];
  throw new UserError(`${[python, ...first].join(' ')} has no Jupyter`, {
    code: exitCode.usage,
    hint: `install it there: ${[python, ...first].join(' ')} -m pip install jupyterlab; \`--python\` works without it`,
  });
}

/** A shell takes the first word after `-c COMMAND` for its own name. */
function commandName(more: readonly string[]): readonly string[] {
  return more.length === 0 ? [] : ['pipe-shell', ...more];
}

function succeeds([file, args]: Program, env: Readonly<Record<string, string>>): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { env, stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}

/** A person at a terminal has a home and a terminal, which no stage sees. */
const personal = ['HOME', 'USER', 'LOGNAME', 'SHELL', 'TERM', 'COLORTERM', 'DISPLAY'] as const;

async function run(
  [file, args]: Program,
  { project, env: caller }: Invocation,
  { env, scratch }: OpenedCell,
  interactive: boolean,
): Promise<number> {
  const own = interactive ? personal.flatMap((name) => (caller[name] ? [[name, caller[name]]] : [])) : [];
  // Ctrl-C is for what runs in the shell. To be ended is for both: a server would stay behind.
  const ignore = () => {};
  let end = () => {};
  const pass = () => end();
  process.on('SIGINT', ignore).on('SIGTERM', pass).on('SIGHUP', pass);
  try {
    return await new Promise<number>((resolve, reject) => {
      const child = spawn(file, args, {
        cwd: project,
        env: { ...Object.fromEntries(own), ...env, PIPE_SCRATCH: scratch },
        stdio: 'inherit',
      });
      // A shell at a terminal does not hear SIGTERM.
      end = () => child.kill(file === caller.SHELL || file === '/bin/sh' ? 'SIGHUP' : 'SIGTERM');
      child.once('error', (error) =>
        reject(new UserError(`${file} could not be started: ${error.message}`, { code: exitCode.usage })),
      );
      child.once('close', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
  } finally {
    process.off('SIGINT', ignore).off('SIGTERM', pass).off('SIGHUP', pass);
  }
}

function greeting(cell: Cell, { attempt, scratch, runStage }: OpenedCell): string {
  const { deps, params, outs } = attempt.job;
  const rows = [
    ...Object.entries(deps).map(([name, dep]) => ['dep', name, depText(dep)]),
    ...Object.entries(params).map(([name, value]) => ['param', name, JSON.stringify(value)]),
    ...Object.entries(outs).map(([name, path]) => ['out', name, path]),
    ['scratch', '', `${scratch}; PIPE_JOB names the job file in it`],
    ['stage', '', `sh ${runStage} runs the stage itself`],
  ].map(([what = '', name = '', text = '']) => [`  ${what}`, name, text]);
  return `${cell.id}: as its stage finds it; nothing is published, \`exit\` leaves\n${columns(rows)}`;
}

function depText(dep: JobDep): string {
  if (dep.kind === 'one') return dep.path;
  return `${dep.items.length} of ${dep.planned}: ${dep.items[0]?.path ?? ''} …`;
}
