/** What of a Python stage's code is in its key. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { Digests } from '../../../../src/pipe/digest/digests.ts';
import { PythonAnalyser } from '../../../../src/pipe/trace/python/analysis.ts';
import { environmentName } from '../../../../src/pipe/trace/python/environment.ts';
import { PythonTracer } from '../../../../src/pipe/trace/python/python-tracer.ts';
import { Folder } from '../../../kit/folder.ts';
import { conditions } from './attacks/conditions.ts';
import { definitions } from './attacks/definitions.ts';
import { lookedUp } from './attacks/looked-up.ts';
import { places } from './attacks/places.ts';
import { refusals } from './attacks/refusals.ts';
import { cases } from './cases.ts';

// The program itself: what starts it by way of a launcher would be most of the time.
const { status, stdout } = spawnSync('python3', ['-c', 'import ast, sys; print(sys.executable)'], {
  encoding: 'utf8',
});
const hasPython = status === 0;
const python = stdout?.trim();
let folder: Folder;
/** Shared, since a start of Python takes longer than a trace; tests of starts have their own. */
const shared = new PythonAnalyser([python ?? ''], tmpdir(), process.env);
let environment: string | undefined;
afterEach(() => folder?.remove());
afterAll(() => shared.close());

interface Options {
  readonly index?: string;
  readonly code?: string[];
  readonly locks?: string[];
  readonly interpreter?: string;
  readonly env?: Record<string, string>;
  readonly analyser?: PythonAnalyser;
}

/** A new run: what it knows of the last one is in the index. */
async function trace(run: string | null, options: Options = {}) {
  const indexFolder = join(folder.dir, options.index ?? 'cache/index');
  const digests = new Digests(indexFolder);
  const interpreter = [options.interpreter ?? python ?? ''] as const;
  const env = { ...process.env, ...options.env };
  const name = `python-${environmentName({ interpreter, env })}.json`;
  const own = options.interpreter !== undefined || options.env !== undefined;
  if (!own && environment !== undefined) {
    mkdirSync(indexFolder, { recursive: true });
    writeFileSync(join(indexFolder, name), environment);
  }
  const analyser = own ? {} : { analyser: options.analyser ?? shared };
  const tracer = new PythonTracer({
    project: folder.dir,
    indexFolder,
    digests,
    interpreter,
    env,
    ...analyser,
  });
  const { fingerprint } = await tracer.trace({ run, code: options.code ?? [], locks: options.locks ?? [] });
  tracer.save();
  digests.save();
  if (!own) environment ??= readFileSync(join(indexFolder, name), 'utf8');
  return fingerprint;
}

describe.skipIf(!hasPython)('Python', () => {
  const attacks = [...lookedUp, ...definitions, ...conditions, ...places, ...refusals];
  test.each([...cases, ...attacks])('$what: $gives', async ({ files, entry = 'main.py', edit, gives }) => {
    folder = new Folder();
    for (const [path, text] of Object.entries(files)) folder.write(path, text);
    if (gives instanceof RegExp && Object.keys(edit).length === 0) {
      await expect(trace(entry)).rejects.toThrow(gives);
      return;
    }
    if (gives instanceof RegExp && entry.includes('nowhere')) {
      await expect(trace(entry)).rejects.toThrow(gives);
      return;
    }
    const before = await trace(entry);
    expect(await trace(entry)).toEqual(before);
    for (const [path, text] of Object.entries(edit))
      if (text === null) rmSync(join(folder.dir, path));
      else folder.write(path, text);
    if (gives instanceof RegExp) {
      await expect(trace(entry)).rejects.toThrow(gives);
      return;
    }
    const after = await trace(entry);
    if (gives === 'same') expect(after.bundle).toBe(before.bundle);
    else expect(after.bundle).not.toBe(before.bundle);
    // What was remembered gives what a look without memory gives.
    expect(after).toEqual(await trace(entry, { index: 'cache/fresh' }));
  });

  test('the interpreter and installed packages enter by version, those of Python itself do not', async () => {
    folder = new Folder();
    folder.write('main.py', 'import json\nimport pip\n');
    const { packages } = await trace('main.py');
    expect(packages.python).toMatch(/^3\.\d+\.\d+$/);
    expect(packages.pip).toMatch(/^\d+/);
    expect(Object.keys(packages).sort()).toEqual(['pip', 'python']);
  });

  test('the chain of imports is known for `why`', async () => {
    folder = new Folder();
    folder.write('main.py', 'from one import f\nf()\n');
    folder.write('one.py', 'from two import f\n');
    folder.write('two.py', 'def f():\n    pass\n');
    expect((await trace('main.py')).importedBy).toEqual({ 'one.py': 'main.py', 'two.py': 'one.py' });
  });

  test('files under `code:` count whole, and what could not be followed is then allowed', async () => {
    folder = new Folder();
    folder.write('main.py', "import importlib\nname = 'plug'\nimportlib.import_module(name)\n");
    folder.write('plug.py', 'def unused():\n    return 1\n');
    const before = await trace('main.py', { code: ['plug.py'] });
    folder.write('plug.py', 'def unused():\n    return 2\n');
    expect((await trace('main.py', { code: ['plug.py'] })).bundle).not.toBe(before.bundle);
    folder.write('plug.py', '# a comment\ndef unused():\n    return 1\n');
    expect((await trace('main.py', { code: ['plug.py'] })).bundle).toBe(before.bundle);
  });

  test('a trace of what was edited while it was read, and put back, is not remembered', async () => {
    folder = new Folder();
    folder.write('main.py', 'import lib\n');
    const file = folder.write('lib.py', 'x = 1\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const editing = new (class extends PythonAnalyser {
      override async file(path: string) {
        if (path === file) folder.write('lib.py', 'x = 2\n');
        const found = await super.file(path);
        if (path === file) folder.write('lib.py', 'x = 1\n');
        return found;
      }
    })([python ?? ''], tmpdir(), process.env);
    try {
      await trace('main.py', { analyser: editing });
    } finally {
      editing.close();
    }
    expect(folder.read('lib.py')).toBe('x = 1\n');
    expect(await trace('main.py')).toEqual(await trace('main.py', { index: 'cache/fresh' }));
  });

  test('with nothing changed no Python is started', async () => {
    folder = new Folder();
    folder.write('main.py', 'import lib\n');
    folder.write('lib.py', 'x = 1\n');
    const count = join(folder.dir, 'starts');
    const interpreter = folder.write('python.sh', `#!/bin/sh\necho started >> ${count}\nexec python3 "$@"\n`);
    spawnSync('chmod', ['+x', interpreter]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await trace('main.py', { interpreter });
    await trace('main.py', { interpreter });
    const starts = folder.read('starts').trim().split('\n').length;
    await trace('main.py', { interpreter });
    expect(folder.read('starts').trim().split('\n')).toHaveLength(starts);
  });

  test('an interpreter that is not there is named, with the way out', async () => {
    folder = new Folder();
    folder.write('main.py', '');
    await expect(trace('main.py', { interpreter: '/nowhere/python' })).rejects.toThrow(
      /\/nowhere\/python cannot be started/,
    );
  });

  test('a remembered trace equals a fresh one over random edits of a package', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `m${i}`);
    const body = fc.record({
      imports: fc.subarray(names, { maxLength: 3 }),
      kind: fc.constantFrom('constant', 'function', 'unused', 'comment', 'class'),
      value: fc.integer({ min: 0, max: 3 }),
    });
    const text = ({ imports, kind, value }: { imports: string[]; kind: string; value: number }) =>
      `${imports.map((name) => `from pkg import ${name}\n`).join('')}${
        {
          constant: `k = ${value}\n`,
          function: `def run():\n    return ${value}\n`,
          unused: `def never_called_${value}():\n    return ${value}\n`,
          comment: `# ${value}\n`,
          class: `class C:\n    k = ${value}\n`,
        }[kind]
      }`;
    const rounds = Number(process.env.PYTHON_HISTORIES ?? 8);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...names), body), { minLength: 2, maxLength: 6 }),
        async (edits) => {
          folder = new Folder();
          folder.write('main.py', `from pkg import ${names.slice(0, 4).join(', ')}\n`);
          folder.write('pkg/__init__.py', '');
          for (const name of names) folder.write(`pkg/${name}.py`, '');
          for (const [name, made] of edits) {
            folder.write(`pkg/${name}.py`, text(made));
            expect(await trace('main.py')).toEqual(
              await trace('main.py', { index: `fresh/${Math.random()}` }),
            );
          }
          folder.remove();
        },
      ),
      { numRuns: rounds },
    );
  });
});
