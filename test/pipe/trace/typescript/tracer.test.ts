/** Tracing code: what enters the bundle's hash, what cannot be followed, workers. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Digests } from '../../../../src/pipe/digest/digests.ts';
import { importChain } from '../../../../src/pipe/trace/import-chain.ts';
import { CodeError } from '../../../../src/pipe/trace/tracer.ts';
import { TypeScriptTracer } from '../../../../src/pipe/trace/typescript/typescript-tracer.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pipe-code-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

async function trace(entry = 'main.ts') {
  const indexFolder = join(dir, 'cache/index');
  const digests = new Digests(indexFolder);
  const tracer = new TypeScriptTracer({
    project: dir,
    codeFolder: join(dir, 'cache/code'),
    indexFolder,
    digests,
  });
  const traced = await tracer.trace(entry);
  digests.save();
  tracer.save();
  return traced;
}

/** Until what was written is old enough for its stat to be believed: the thing under test is time itself. */
const settle = () => sleep(40);

const bundleOf = async (entry?: string) => (await trace(entry)).fingerprint.bundle;

async function failure(entry = 'main.ts'): Promise<CodeError> {
  try {
    await trace(entry);
  } catch (error) {
    if (error instanceof CodeError) return error;
    throw error;
  }
  throw new Error('it was traced');
}

describe('the bundle', () => {
  beforeEach(() => {
    write('main.ts', `import { one } from './lib/a.ts';\nexport default () => one();\n`);
    write(
      'lib/a.ts',
      `import { two } from './b.ts';\nexport const one = () => two();\nexport const other = () => 5;\n`,
    );
    write('lib/b.ts', 'export const two = () => 2;\n');
  });

  test('does not depend on comments, white space, types, unused code, or where the project lies', async () => {
    const first = await bundleOf();
    write(
      'lib/b.ts',
      '// A remark.\nexport const two = (): number =>\n\n  /* two */ 2;\nexport const more = 1;\n',
    );
    expect(await bundleOf()).toBe(first);
    const elsewhere = mkdtempSync(join(tmpdir(), 'pipe-code-elsewhere-'));
    try {
      const here = dir;
      for (const file of ['main.ts', 'lib/a.ts', 'lib/b.ts']) {
        mkdirSync(dirname(join(elsewhere, file)), { recursive: true });
        writeFileSync(join(elsewhere, file), readFileSync(join(here, file)));
      }
      dir = elsewhere;
      expect(await bundleOf()).toBe(first);
      dir = here;
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test('depends on what is used, and names the files and the chain of imports', async () => {
    const before = (await trace()).fingerprint;
    write('lib/b.ts', 'export const two = () => 3;\n');
    const after = (await trace()).fingerprint;
    expect(after.bundle).not.toBe(before.bundle);
    const changed = Object.keys(after.files).filter((file) => after.files[file] !== before.files[file]);
    expect(changed).toEqual(['lib/b.ts']);
    expect(importChain(after, 'lib/b.ts')).toEqual(['main.ts', 'lib/a.ts', 'lib/b.ts']);
  });

  test('runs, and is not built again while nothing changed', async () => {
    await trace();
    await settle();
    const { bundle } = await trace();
    const loaded: { default: () => number } = await import(pathToFileURL(bundle).href);
    expect(loaded.default()).toBe(2);
    writeFileSync(`${bundle}.map`, 'mark');
    await trace();
    expect(readFileSync(`${bundle}.map`, 'utf8')).toBe('mark');
  });

  test('a bundle that was tampered with is not run', async () => {
    const { bundle } = await trace();
    const good = readFileSync(bundle);
    writeFileSync(bundle, 'export default () => 666;');
    expect(readFileSync((await trace()).bundle)).toEqual(good);
  });

  test('a new file that would be found first is seen', async () => {
    write('main.ts', `import { one } from './lib/choice';\nexport default () => one;\n`);
    write('lib/choice.js', 'export const one = 1;\n');
    await settle();
    const first = await bundleOf();
    write('lib/choice.ts', 'export const one = 2;\n');
    expect(await bundleOf()).not.toBe(first);
  });

  test('a tsconfig.json that is edited is seen', async () => {
    write('main.ts', `import { one } from '@lib/choice';\nexport default () => one;\n`);
    for (const name of ['a', 'b', 'c']) write(`${name}/choice.ts`, `export const one = '${name}';\n`);
    const bundles = new Set<string>();
    for (const name of ['a', 'b', 'c']) {
      write('tsconfig.json', `{"compilerOptions": {"paths": {"@lib/*": ["./${name}/*"]}}}`);
      await settle();
      bundles.add(await bundleOf());
    }
    expect(bundles.size).toBe(3);
  });
});

test('what is edited between two traces of a run is remembered as the second one read it', async () => {
  write('lib.ts', 'export const x = 1;\n');
  write('a.ts', "import { x } from './lib.ts';\nexport default () => x;\n");
  write('b.ts', "import { x } from './lib.ts';\nexport default () => x + 1;\n");
  const tracer = () => {
    const indexFolder = join(dir, 'cache/index');
    const digests = new Digests(indexFolder);
    return new TypeScriptTracer({
      project: dir,
      codeFolder: join(dir, 'cache/code'),
      indexFolder,
      digests,
    });
  };
  const run = tracer();
  await run.trace('a.ts');
  write('lib.ts', 'export const x = 2222;\n');
  await sleep(60);
  const second = (await run.trace('b.ts')).fingerprint;
  run.save();
  write('lib.ts', 'export const x = 1;\n');
  await sleep(60);
  const back = (await tracer().trace('b.ts')).fingerprint;
  expect(second).not.toEqual(back);
});

test('packages stay outside and enter by name and version, those that are used', async () => {
  write(
    'main.ts',
    `import { join } from 'node:path';\nimport x from 'some-pack/deep.js';\nimport { unused } from '@scope/idle';\nexport default () => join(x);\n`,
  );
  write('node_modules/some-pack/package.json', '{"name": "some-pack", "version": "1.2.3", "type": "module"}');
  write(
    'node_modules/@scope/idle/package.json',
    '{"name": "@scope/idle", "version": "9.0.0", "sideEffects": false}',
  );
  const before = (await trace()).fingerprint;
  expect(before.packages['some-pack']).toBe('1.2.3');
  write('node_modules/some-pack/package.json', '{"name": "some-pack", "version": "1.2.4", "type": "module"}');
  const after = (await trace()).fingerprint;
  expect(after.packages['some-pack']).toBe('1.2.4');
  expect(after.bundle).toBe(before.bundle);
});

test('the SDK is put in by value: the key does not change with the engine', async () => {
  write(
    'main.ts',
    `import { defineStage } from 'pipe-experiments/stage';\nexport default defineStage(() => {});\n`,
  );
  const { fingerprint, bundle } = await trace();
  expect(fingerprint.packages).toEqual({});
  expect(readFileSync(bundle, 'utf8')).not.toContain('import');
});

test('an import that cannot be followed is an error with its place, saying how to declare it', async () => {
  write('main.ts', `const name = './x.ts';\nexport default async () => import(name);\n`);
  const [diagnostic] = (await failure()).diagnostics;
  expect(diagnostic).toMatchObject({
    rule: 'unsupported-dynamic-import',
    at: { file: 'main.ts', line: 2, column: 28 },
  });
  expect(diagnostic?.hint).toContain('literal');
});

test('a literal dynamic import is followed', async () => {
  write('main.ts', `export default async () => (await import('./x.ts')).x;\n`);
  write('x.ts', 'export const x = 1;\n');
  const first = await bundleOf();
  write('x.ts', 'export const x = 2;\n');
  expect(await bundleOf()).not.toBe(first);
});

test('a file that is read beside the code is an error: it belongs under deps', async () => {
  write(
    'main.ts',
    `// new URL('./in-a-comment.txt', import.meta.url)\nexport default () => new URL('./data.txt', import.meta.url);\n`,
  );
  const [diagnostic] = (await failure()).diagnostics;
  expect(diagnostic).toMatchObject({ at: { file: 'main.ts', line: 2 } });
  expect(diagnostic?.hint).toContain('deps');
});

test('a mistake in the code is told with its place', async () => {
  write('main.ts', `import { gone } from './gone.ts';\nexport default gone;\n`);
  expect((await failure()).message).toMatch(/^main\.ts:1:2\d: .*gone\.ts/);
});

test('a worker is bundled beside, runs, and its content is part of the hash', async () => {
  write(
    'main.ts',
    `import { Worker } from 'node:worker_threads';
export default () => new Promise((resolve, reject) => {
  const worker = new Worker(new URL('./count.worker.ts', import.meta.url));
  worker.once('message', resolve);
  worker.once('error', reject);
});
`,
  );
  write(
    'count.worker.ts',
    `import { parentPort } from 'node:worker_threads';\nimport { n } from './n.ts';\nparentPort?.postMessage(n);\n`,
  );
  write('n.ts', 'export const n: number = 41;\n');
  const first = await trace();
  write('n.ts', 'export const n: number = 42;\n');
  const second = await trace();
  expect(second.fingerprint.bundle).not.toBe(first.fingerprint.bundle);
  expect(importChain(second.fingerprint, 'n.ts')).toEqual(['main.ts', 'count.worker.ts', 'n.ts']);
  const loaded: { default: () => Promise<number> } = await import(pathToFileURL(second.bundle).href);
  expect(await loaded.default()).toBe(42);
});

test('the stages of this repository can be traced', { skip: !existsSync('stages') }, async () => {
  const root = process.cwd();
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  const indexFolder = join(dir, 'index');
  const digests = new Digests(indexFolder);
  const tracer = new TypeScriptTracer({ project: root, codeFolder: join(dir, 'code'), indexFolder, digests });
  const { fingerprint } = await tracer.trace('stages/train.ts');
  expect(Object.keys(fingerprint.files)).toContain('stages/train.ts');
});
