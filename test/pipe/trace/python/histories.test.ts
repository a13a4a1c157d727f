/**
 * Random edits of random packages. A remembered trace equals a fresh one; and what runs decides: where the program prints
 * something else, the key is another one. PYTHON_HISTORIES sets how many histories (CI: 25).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Digests } from '../../../../src/pipe/digest/digests.ts';
import { PythonAnalyser } from '../../../../src/pipe/trace/python/analysis.ts';
import { environmentName } from '../../../../src/pipe/trace/python/environment.ts';
import { PythonTracer } from '../../../../src/pipe/trace/python/python-tracer.ts';
import { Folder } from '../../../kit/folder.ts';
import { moduleCount, moduleSpec, moduleText, nameOf } from './program.ts';

const { status, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
});
const hasPython = status === 0;
const python = stdout?.trim() ?? '';
const histories = Number(process.env.PYTHON_HISTORIES ?? 25);

/** What a program prints, by an interpreter that knows nothing of the tracer. */
class Oracle {
  readonly #child: ChildProcess;
  readonly #waiting: ((line: string) => void)[] = [];
  constructor() {
    this.#child = spawn(python, [fileURLToPath(new URL('oracle.py', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#waiting.shift()?.(line));
  }
  output(folder: string): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#child.stdin?.write(`${folder}\n`);
    });
  }
  close(): void {
    this.#child.stdin?.end();
  }
}

describe.skipIf(!hasPython)('histories of Python', () => {
  let oracle: Oracle;
  let analyser: PythonAnalyser;
  let environment: string | undefined;
  beforeAll(() => {
    oracle = new Oracle();
    analyser = new PythonAnalyser([python], tmpdir(), process.env);
  });
  afterAll(() => {
    oracle.close();
    analyser.close();
  });

  async function traced(folder: Folder, index: string) {
    const indexFolder = join(folder.dir, index);
    const name = `python-${environmentName({ interpreter: [python], env: process.env })}.json`;
    // What is installed takes longer to find than a trace, and is no part of the question.
    mkdirSync(indexFolder, { recursive: true });
    if (environment !== undefined) writeFileSync(join(indexFolder, name), environment);
    const digests = new Digests(indexFolder);
    const options = {
      project: folder.dir,
      indexFolder,
      digests,
      interpreter: [python],
      env: process.env,
    } as const;
    const tracer = new PythonTracer({ ...options, analyser });
    const { fingerprint } = await tracer.trace({ run: 'main.py', code: [], locks: [] });
    tracer.save();
    digests.save();
    environment ??= readFileSync(join(indexFolder, name), 'utf8');
    return fingerprint;
  }

  test('a remembered trace equals a fresh one, and another output is another key', {
    timeout: 3_600_000,
  }, async () => {
    let runs = 0;
    let same = 0;
    const specs = Array.from({ length: moduleCount }, (_, i) => moduleSpec(i));
    const edit = fc.integer({ min: 0, max: 11 }).chain((at) => moduleSpec(at).map((spec) => ({ at, spec })));
    const history = fc.tuple(fc.tuple(...specs), fc.array(edit, { minLength: 2, maxLength: 5 }));
    await fc.assert(
      fc.asyncProperty(history, async ([first, edits]) => {
        const folder = new Folder();
        folder.write(
          'main.py',
          'import pkg.m0, pkg.m1, pkg.m2\nprint(pkg.m0.run(), pkg.m1.run(), pkg.m2.run())\n',
        );
        folder.write('pkg/__init__.py', '');
        for (const [i, spec] of first.entries()) folder.write(`pkg/${nameOf(i)}.py`, moduleText(i, spec));
        const outputs = new Map<string, string>();
        let last = '';
        for (const step of [null, ...edits]) {
          if (step) folder.write(`pkg/${nameOf(step.at)}.py`, moduleText(step.at, step.spec));
          const fingerprint = await traced(folder, 'cache/index');
          expect(fingerprint).toEqual(await traced(folder, `fresh/${runs}`));
          const output = await oracle.output(folder.dir);
          expect(output).not.toBe('""');
          const { bundle } = fingerprint;
          expect(outputs.get(bundle) ?? output, 'another output under the same key').toBe(output);
          outputs.set(bundle, output);
          if (bundle === last) same++;
          last = bundle;
          runs++;
        }
        folder.remove();
      }),
      { numRuns: histories },
    );
    console.log(`${histories} histories, ${runs} programs run, ${same} edits that kept the key`);
    // Keys that change with every edit would hold as well, and would be of no use.
    expect(same).toBeGreaterThan(0);
  });
});
