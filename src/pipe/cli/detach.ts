/** `pipe run --detach`: the same run in a process of its own, which no terminal ends. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCode } from '../../lib/diagnostics/diagnostic.ts';
import { ignoreFolder } from '../../lib/ignored-folder.ts';
import { layoutOf } from '../store/layout.ts';
import { type Invocation, type Parsed, printJson } from './command.ts';
import { detachedVariable } from './detached-run.ts';

const patienceMs = 60_000;

/** Returns when the run has begun, or ended because there was nothing to do or something wrong. */
export async function detachedRun(parsed: Parsed, invocation: Invocation): Promise<number> {
  const { newRunId } = await import('../run/run-folder.ts');
  const { project, cwd, env, stdout, stderr } = invocation;
  const id = newRunId(new Date());
  const layout = layoutOf(project);
  const folder = join(layout.runs, id);
  mkdirSync(folder, { recursive: true });
  ignoreFolder(layout.root);
  const log = join(folder, 'driver.log');
  const output = openSync(log, 'a');
  const args = parsed.argv.filter((word) => word !== '--detach');
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', 'run', ...args], {
    cwd,
    env: { ...env, [detachedVariable]: id },
    detached: true,
    stdio: ['ignore', output, output],
  });
  let code: number | null = null;
  child.on('exit', (status) => {
    code = status ?? exitCode.failed;
  });
  const since = performance.now();
  while (code === null && !existsSync(join(folder, 'request.json')) && performance.now() - since < patienceMs)
    await sleep(50);
  child.unref();
  if (code !== null) {
    stderr.write(readFileSync(log, 'utf8'));
    return code;
  }
  if (parsed.is('json')) printJson(invocation, { run: id, pid: child.pid, log: relative(project, log) });
  else stdout.write(`run ${id} goes on in the background: pipe attach ${id}\n`);
  return exitCode.ok;
}
