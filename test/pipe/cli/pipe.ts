/** The real command, bundled once for a test file, run as a process in a throw-away project. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** A bundle of the sources as they are, where their packages can be found. */
export async function buildPipe(): Promise<{ readonly file: string; remove(): void }> {
  const cache = join(root, 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'pipe-test-'));
  await build({
    absWorkingDir: root,
    entryPoints: { pipe: 'src/pipe/cli/main.ts', 'stage-host': 'src/pipe/job/stage-host.ts' },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    // A version, so that plans are remembered as they are in the package.
    define: { PIPE_VERSION: '"0.0.0-test"' },
  });
  return { file: join(folder, 'pipe.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class CliProject {
  readonly dir = mkdtempSync(join(tmpdir(), 'pipe-cli-'));
  readonly #pipe: string;

  constructor(pipe: string) {
    this.#pipe = pipe;
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.dir, path)), { recursive: true });
    writeFileSync(join(this.dir, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.dir, path), 'utf8');
  }

  copy(from: string): void {
    cpSync(from, this.dir, { recursive: true });
  }

  pipe(...args: readonly string[]): Ended {
    return this.pipeIn('.', ...args);
  }

  pipeIn(folder: string, ...args: readonly string[]): Ended {
    const { CI, GITHUB_ACTIONS, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [this.#pipe, ...args], {
      cwd: join(this.dir, folder),
      encoding: 'utf8',
      env: { ...env, NO_COLOR: '1' },
    });
    return { code: status, stdout, stderr };
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
