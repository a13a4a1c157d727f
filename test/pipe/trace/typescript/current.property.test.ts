/**
 * A remembered trace equals a fresh one, over random trees and edits of everything that resolution asks for.
 * TRACE_ROUNDS=… npx vitest run test/pipe/trace/typescript/current.property.test.ts walks more of them.
 */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Digests } from '../../../../src/pipe/digest/digests.ts';
import { CodeError } from '../../../../src/pipe/trace/tracer.ts';
import { TypeScriptTracer } from '../../../../src/pipe/trace/typescript/typescript-tracer.ts';
import { Folder } from '../../../kit/folder.ts';

const rounds = Number(process.env.TRACE_ROUNDS ?? 30);

/** Path → what may stand there; null: nothing; `->`: a link. */
const pool: Readonly<Record<string, readonly (string | null)[]>> = {
  'main.ts': [
    `import { a } from './lib/a';
import { z } from './cur/z';
import * as x from '@p/x';
import { ws } from 'ws';
import { y } from 'self/y';
import { n } from '#n';
import './quiet/side';
export default async (name: string) => [a, x, z, ws, y, n, await import(\`./t/\${name}.ts\`), await import('opt').catch(() => 0)];
`,
    `import './quiet/side';\nimport { a } from './lib/a';\nexport default async () => [a, await import('opt').catch(() => 0)];\n`,
    `import { ws } from 'ws';\nexport default (name: string) => [ws, import(\`./t/\${name}\`)];\n`,
  ],
  'lib/a.ts': ['class A { f = 1 }\nexport const a = new A();\n', `export { x as a } from '@p/x';\n`, null],
  'lib/a.js': ['export const a = 2;\n', null],
  'lib/a/index.ts': ['export const a = 3;\n', null],
  'lib/a/package.json': ['{"main": "other"}', null],
  'lib/a/other.ts': ['export const a = 4;\n', null],
  'lib/tsconfig.json': [
    null,
    '{"compilerOptions": {"paths": {"@p/*": ["../p2/*"]}}}',
    '{"extends": "../base", "compilerOptions": {"target": "es2020"}}',
    '{ /* remark */ "compilerOptions": {"useDefineForClassFields": false,}, }',
  ],
  'tsconfig.json': [
    '{"compilerOptions": {"paths": {"@p/*": ["./p1/*", "./p2/*"]}}}',
    '{"extends": "./base.json"}',
    '{"extends": "preset/strict"}',
    '{"compilerOptions": {"baseUrl": "root", "paths": {"@p/*": ["../p2/*"]}}}',
    null,
  ],
  'base.json': [
    '{"compilerOptions": {"paths": {"@p/*": ["p2/*"]}}}',
    '{"compilerOptions": {"paths": {"@p/x": ["./p1/x.ts"]}, "useDefineForClassFields": false}}',
    null,
  ],
  'node_modules/preset/strict.json': [
    null,
    '{"compilerOptions": {"paths": {"@p/*": ["../../p1/*"]}, "useDefineForClassFields": false}}',
  ],
  'p1/x.ts': ['export const x = 1;\n', null],
  'p2/x.ts': ['export const x = 2;\n'],
  'root/ws.ts': [null, 'export const ws = "root";\n'],
  'package.json': [
    '{"name": "self", "type": "module", "imports": {"#n": "./n1.ts"}, "exports": {"./*": "./own/*.ts"}}',
    '{"name": "self", "imports": {"#n": {"default": "./n2.ts"}}, "exports": {"./y": "./own/z.ts"}}',
  ],
  'n1.ts': ['export const n = 1;\n'],
  'n2.ts': ['export const n = 2;\n'],
  'own/y.ts': ['export const y = 1;\n', 'export const y = 2;\n'],
  'own/z.ts': ['export const y = 3;\n'],
  'quiet/side.ts': ['console.log(1);\n'],
  'quiet/package.json': [null, '{"sideEffects": false}', '{"sideEffects": ["./side.ts"]}'],
  't/b.ts': ['export default 1;\n', 'export default 2;\n', null],
  't/deep/c.ts': ['export default 3;\n', null],
  't/deep/er/d.ts': ['export default 4;\n', null],
  'v1/z.ts': ['export const z = 1;\n'],
  'v2/z.ts': ['export const z = 2;\n'],
  cur: ['->v1', '->v2', null],
  'node_modules/ws': ['->../packages/ws', '->../packages/other', null],
  'packages/ws/package.json': ['{"name": "ws", "version": "1.0.0", "main": "i"}', '{"exports": "./j.ts"}'],
  'packages/ws/i.ts': [`import e from 'ext';\nexport const ws = e;\n`, null],
  'packages/ws/i/index.ts': [null, 'export const ws = "index";\n'],
  'packages/ws/j.ts': ['export const ws = 2;\n'],
  'packages/other/index.ts': ['export const ws = 3;\n'],
  'packages/ws/node_modules/ext/package.json': [
    null,
    '{"version": "2.0.0", "main": "i.js"}',
    '{"version": "2.0.1"}',
  ],
  'packages/ws/node_modules/ext/i.js': [null, 'module.exports = 2;\n'],
  'node_modules/ext/package.json': ['{"version": "1.0.0", "main": "i.js"}', '{"version": "1.1.0"}', null],
  'node_modules/ext/i.js': ['module.exports = 1;\n'],
  'node_modules/opt/package.json': [null, '{"version": "1.0.0"}', '{"version": "1.0.1"}'],
  'node_modules/opt/index.js': [null, 'module.exports = 1;\n'],
};
const paths = Object.keys(pool);
const edit = fc
  .record({ path: fc.constantFrom(...paths), choice: fc.nat(4) })
  .map(({ path, choice }) => ({ path, content: pool[path]?.[choice % (pool[path]?.length ?? 1)] ?? null }));

function put(folder: Folder, path: string, content: string | null): void {
  const place = join(folder.dir, path);
  rmSync(place, { recursive: true, force: true });
  if (content === null) return;
  mkdirSync(dirname(place), { recursive: true });
  if (content.startsWith('->')) symlinkSync(content.slice(2), place);
  else folder.write(path, content);
}

async function trace(folder: Folder, index: string): Promise<unknown> {
  const indexFolder = join(folder.dir, 'cache', index);
  const digests = new Digests(indexFolder);
  const codeFolder = join(folder.dir, 'cache/code');
  const tracer = new TypeScriptTracer({ project: folder.dir, codeFolder, indexFolder, digests });
  try {
    return (await tracer.trace('main.ts')).fingerprint;
  } catch (error) {
    if (error instanceof CodeError) return error.message;
    throw error;
  } finally {
    digests.save();
    tracer.save();
  }
}

test(
  'a remembered trace equals a fresh one, whatever was edited',
  async () => {
    const step = fc.array(edit, { minLength: 1, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { maxLength: 6 }),
        fc.array(step, { minLength: 3, maxLength: 6 }),
        async (start, steps) => {
          const folder = new Folder();
          try {
            for (const path of paths) put(folder, path, pool[path]?.[0] ?? null);
            for (const { path, content } of start) put(folder, path, content);
            for (const edits of steps) {
              // Until the stats are old enough to be believed: else nothing would be remembered.
              await sleep(25);
              await trace(folder, 'kept');
              for (const { path, content } of edits) put(folder, path, content);
              expect(await trace(folder, 'kept')).toEqual(await trace(folder, `fresh-${Math.random()}`));
            }
          } finally {
            folder.remove();
          }
        },
      ),
      { numRuns: rounds },
    );
  },
  rounds * 10_000,
);
