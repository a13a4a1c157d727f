/** A copy of the tree in which one rule at a time is broken and a named test run. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import type { Mutant } from './mutant.ts';

const copied = ['src', 'test', 'schema', 'stages', 'scripts', 'templates', 'python'];
const files = ['package.json', 'vitest.config.ts', 'tsconfig.json', 'CHANGELOG.md'];
/** A test that a mutant keeps from ending. */
const timeoutMs = 300_000;

export interface TestRun {
  readonly passed: number;
  readonly failed: number;
  readonly said: string;
}

export class MutatedCopy {
  readonly #root: string;
  readonly #dir = mkdtempSync(join(tmpdir(), 'pipe-mutants-'));

  constructor(root: string) {
    this.#root = root;
    for (const name of [...copied, ...files])
      cpSync(join(root, name), join(this.#dir, name), {
        recursive: true,
        filter: (path) => !path.includes('/golden/nas'),
      });
    for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(this.#dir, name));
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Runs the test of a mutant while its rule is broken. */
  runBroken(mutant: Mutant): TestRun {
    const path = join(this.#dir, mutant.file);
    const good = readFileSync(path, 'utf8');
    writeFileSync(path, broken(mutant, good));
    try {
      return this.runTests(mutant.test.file, [mutant.test.name]);
    } finally {
      writeFileSync(path, good);
    }
  }

  /** Runs the tests of a file that have one of these texts in their names. */
  runTests(file: string, names: readonly string[]): TestRun {
    const pattern = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
    const report = join(this.#dir, 'result.json');
    rmSync(report, { force: true });
    const vitest = join(this.#root, 'node_modules/vitest/vitest.mjs');
    const reported = ['--reporter=json', `--outputFile=${report}`];
    const args = [vitest, 'run', file, '-t', pattern, '--maxWorkers=1', ...reported];
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: this.#dir,
      encoding: 'utf8',
      timeout: timeoutMs,
    });
    try {
      const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(report, 'utf8'));
      return { passed, failed, said: stdout + stderr };
    } catch {
      return { passed: 0, failed: 0, said: stdout + stderr };
    }
  }
}

/** A file's text with the rule broken: TypeScript still, so that a test and no compiler notices. */
export function broken({ rule, file, find, replace }: Mutant, good: string): string {
  if (good.split(find).length !== 2) throw new Error(`${rule}: ${file} does not hold once: ${find}`);
  const bad = good.replace(find, () => replace);
  transformSync(bad, { loader: 'ts' });
  return bad;
}
