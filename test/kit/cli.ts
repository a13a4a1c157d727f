/** The real command, bundled once for a test file, run as a process in a throw-away project. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildPage } from '../../scripts/client.mjs';
import { engineBundles } from '../../scripts/engine-bundle.mjs';
import { copyPython } from '../../scripts/python-files.mjs';
import { copyTemplates } from '../../scripts/template-files.mjs';
import { Folder } from './folder.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * A bundle of the sources as they are, where their packages can be found. PIPE_UNDER_TEST names another build's
 * program to be tested in its place: whether a test fails on an earlier revision is seen that way.
 */
export async function buildPipe(): Promise<{ readonly file: string; remove(): void }> {
  const other = process.env.PIPE_UNDER_TEST;
  if (other !== undefined && other !== '') return { file: other, remove: () => {} };
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'pipe-test-'));
  // A version, so that plans are remembered as they are in the package.
  for (const options of engineBundles(
    { root, outdir: folder, version: '0.0.0-test' },
    { packages: 'external' },
  ))
    await build(options);
  copyPython(root, folder);
  copyTemplates(root, folder);
  await buildPage(root, folder);
  return { file: join(folder, 'pipe.cjs'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export class CliProject extends Folder {
  readonly #pipe: string;
  /** Set for every command, besides the caller's. */
  env: NodeJS.ProcessEnv = {};
  /** Put before what `start` starts: `['strace', '-f']`. */
  before: readonly string[] = [];

  /** `pipe`: the program, as `buildPipe` gives it. */
  constructor(pipe: string, dir?: string) {
    super(dir);
    this.#pipe = pipe;
  }

  pipe(...args: readonly string[]): Ended {
    return this.pipeIn('.', ...args);
  }

  pipeIn(folder: string, ...args: readonly string[]): Ended {
    const { status, stdout, stderr } = spawnSync(process.execPath, [this.#pipe, ...args], {
      cwd: join(this.dir, folder),
      encoding: 'utf8',
      env: { ...environment(), ...this.env },
    });
    return { code: status, stdout, stderr };
  }

  /** The same in the background: for two commands at once, and for signals. */
  start(...args: readonly string[]): Started {
    const [program = process.execPath, ...words] = [...this.before, process.execPath, this.#pipe, ...args];
    const child = spawn(program, words, {
      cwd: this.dir,
      env: { ...environment(), ...this.env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = once(child, 'close').then(([code]) => ({
      code: typeof code === 'number' ? code : null,
      stdout,
      stderr,
    }));
    return { child, ended };
  }
}

/** The caller's, without what would make it look like a CI or give it colours. */
function environment(): NodeJS.ProcessEnv {
  const { CI, GITHUB_ACTIONS, GITHUB_STEP_SUMMARY, ...env } = process.env;
  return { ...env, NO_COLOR: '1' };
}
