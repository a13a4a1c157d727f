/** A copy of the tree in which one rule at a time is broken and a named test run, by one Vitest that stays. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { createVitest, type Vitest } from 'vitest/node';
import type { Mutant } from './mutant.ts';

const copied = ['src', 'test', 'schema', 'stages', 'scripts', 'templates', 'python'];
/** Vitest keeps every run of every test: past this much it gives way to another. */
const heapBytes = 1536 * 1024 * 1024;
const files = ['package.json', 'vitest.config.ts', 'tsconfig.json', 'CHANGELOG.md'];

export interface TestRun {
  readonly passed: number;
  readonly failed: number;
  /** What went wrong, in words. */
  readonly said: string;
}

export class MutatedCopy {
  readonly #dir: string;
  #vitest: Vitest;

  private constructor(dir: string, vitest: Vitest) {
    this.#dir = dir;
    this.#vitest = vitest;
  }

  /** Of the checkout at `root`. From then on the copy is this process's working folder. */
  static async of(root: string): Promise<MutatedCopy> {
    const dir = mkdtempSync(join(tmpdir(), 'pipe-mutants-'));
    for (const name of [...copied, ...files])
      cpSync(join(root, name), join(dir, name), {
        recursive: true,
        filter: (path) => !path.includes('/golden/nas'),
      });
    for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(dir, name));
    process.chdir(dir);
    return new MutatedCopy(dir, await quietVitest(dir));
  }

  async remove(): Promise<void> {
    await this.#vitest.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Runs the test of a mutant while its rule is broken. */
  async runBroken(mutant: Mutant): Promise<TestRun> {
    if (process.memoryUsage().heapUsed > heapBytes) {
      await this.#vitest.close();
      this.#vitest = await quietVitest(this.#dir);
    }
    const path = join(this.#dir, mutant.file);
    const good = readFileSync(path, 'utf8');
    this.#write(path, broken(mutant, good));
    try {
      return await this.runTests(mutant.test.file, [mutant.test.name]);
    } finally {
      this.#write(path, good);
    }
  }

  /** Runs the tests of a file that have one of these texts in their names. */
  async runTests(file: string, names: readonly string[]): Promise<TestRun> {
    const pattern = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
    this.#vitest.setGlobalTestNamePattern(new RegExp(pattern));
    const specifications = await this.#vitest.globTestSpecifications([join(this.#dir, file)]);
    const { testModules } = await this.#vitest.runTestSpecifications(specifications);
    const results = testModules
      .flatMap((module) => [...module.children.allTests()])
      .map((one) => one.result());
    const said = results.flatMap(({ errors }) => errors?.map(({ message }) => message) ?? []).join('\n');
    const count = (state: string) => results.filter((one) => one.state === state).length;
    return { passed: count('passed'), failed: count('failed'), said };
  }

  #write(path: string, text: string): void {
    writeFileSync(path, text);
    this.#vitest.invalidateFile(path);
  }
}

function quietVitest(root: string): Promise<Vitest> {
  return createVitest('test', { root, watch: false, maxWorkers: 1, reporters: [{}] });
}

/** A file's text with the rule broken: TypeScript still, so that a test and no compiler notices. */
export function broken({ rule, file, find, replace }: Mutant, good: string): string {
  if (good.split(find).length !== 2) throw new Error(`${rule}: ${file} does not hold once: ${find}`);
  const bad = good.replace(find, () => replace);
  if (file.endsWith('.ts')) transformSync(bad, { loader: 'ts' });
  return bad;
}
