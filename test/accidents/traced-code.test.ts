/** Code that decides a stage's outs and that a remembered trace, or a version, does not show. Through the command line. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  pipe = await buildPipe();
});
afterAll(() => pipe.remove());
beforeEach(() => {
  project = new CliProject(pipe.file);
  project.write('package.json', '{"name": "study", "type": "module", "exports": {"./*": "./own/*.ts"}}');
  project.write(
    'pipeline.yaml',
    'version: 1\nstages:\n  a: { run: a.ts, outs: { o: o.txt }, params: { name: s/b } }\n',
  );
});
afterEach(() => project.remove());

/** A stage that writes what `expression` gives. */
function stage(imports: string, expression: string): void {
  project.write(
    'a.ts',
    `import { writeFileSync } from 'node:fs';
${imports}
export default async ({ out, params }: any) => writeFileSync(out('o'), String(${expression}));
`,
  );
}

/** Runs, and gives what the stage wrote. The wait lets what was written before be believed. */
async function output(): Promise<string> {
  await sleep(40);
  const { code, stderr, stdout } = project.pipe('run');
  expect(code, stdout + stderr).toBe(0);
  return project.read('cache/cells/a/o.txt');
}

describe('a remembered trace is never stale', () => {
  test("a nested tsconfig.json's paths count", async () => {
    stage(`import { x } from './lib/use.ts';`, 'x');
    project.write('lib/use.ts', `export { x } from '@p/x';\n`);
    project.write('lib/p1/x.ts', 'export const x = 1;\n');
    project.write('lib/p2/x.ts', 'export const x = 2;\n');
    project.write('lib/tsconfig.json', '{"compilerOptions": {"paths": {"@p/*": ["./p1/*"]}}}');
    expect(await output()).toBe('1');
    project.write('lib/tsconfig.json', '{"compilerOptions": {"paths": {"@p/*": ["./p2/*"]}}}');
    expect(await output()).toBe('2');
  });

  test("the root tsconfig.json's paths count", async () => {
    stage(`import { x } from '@p/x';`, 'x');
    project.write('p1/x.ts', 'export const x = 1;\n');
    project.write('p2/x.ts', 'export const x = 2;\n');
    project.write('tsconfig.json', '{"compilerOptions": {"paths": {"@p/*": ["./p1/*"]}}}');
    expect(await output()).toBe('1');
    project.write('tsconfig.json', '{"compilerOptions": {"paths": {"@p/*": ["./p2/*"]}}}');
    expect(await output()).toBe('2');
  });

  test('what a tsconfig.json extends counts', async () => {
    stage(`import { x } from '@p/x';`, 'x');
    project.write('p1/x.ts', 'export const x = 1;\n');
    project.write('p2/x.ts', 'export const x = 2;\n');
    project.write('tsconfig.json', '{"extends": "./config/base.json"}');
    project.write('config/base.json', '{"compilerOptions": {"paths": {"@p/*": ["../p1/*"]}}}');
    expect(await output()).toBe('1');
    project.write('config/base.json', '{"compilerOptions": {"paths": {"@p/*": ["../p2/*"]}}}');
    expect(await output()).toBe('2');
  });

  test('a file that appears earlier in a list of paths counts', async () => {
    stage(`import { x } from '@p/x';`, 'x');
    project.write('p2/x.ts', 'export const x = 2;\n');
    project.write('tsconfig.json', '{"compilerOptions": {"paths": {"@p/*": ["./p1/*", "./p2/*"]}}}');
    expect(await output()).toBe('2');
    project.write('p1/x.ts', 'export const x = 1;\n');
    expect(await output()).toBe('1');
  });

  test("a nested package.json's imports count", async () => {
    stage(`import { x } from './lib/use.ts';`, 'x');
    project.write('lib/use.ts', `export { x } from '#x';\n`);
    project.write('lib/x1.ts', 'export const x = 1;\n');
    project.write('lib/x2.ts', 'export const x = 2;\n');
    project.write('lib/package.json', '{"type": "module", "imports": {"#x": "./x1.ts"}}');
    expect(await output()).toBe('1');
    project.write('lib/package.json', '{"type": "module", "imports": {"#x": "./x2.ts"}}');
    expect(await output()).toBe('2');
  });

  test("a nested package.json's sideEffects count", async () => {
    stage(`import './lib/effect.ts';`, '(globalThis as any).effect');
    project.write('lib/effect.ts', '(globalThis as any).effect = 1;\nexport {};\n');
    project.write('lib/package.json', '{"type": "module", "sideEffects": false}');
    expect(await output()).toBe('undefined');
    project.write('lib/package.json', '{"type": "module", "sideEffects": true}');
    expect(await output()).toBe('1');
  });

  test('a new subfolder under a template import counts', async () => {
    stage(
      '',
      `await (async () => import(\`./t/\${params.name}.ts\`))().then((m: any) => m.default, () => 'none')`,
    );
    project.write('t/b.ts', 'export default 1;\n');
    expect(await output()).toBe('none');
    project.write('t/s/b.ts', 'export default 2;\n');
    expect(await output()).toBe('2');
  });

  test('an optional import that comes to be installed counts', async () => {
    stage('', `await import('opt').then((m: any) => m.default, () => 'none')`);
    expect(await output()).toBe('none');
    project.write('node_modules/opt/package.json', '{"version": "1.0.0", "main": "i.js"}');
    project.write('node_modules/opt/i.js', 'module.exports = 1;\n');
    expect(await output()).toBe('1');
  });

  test('a folder that is a link, and comes to lead elsewhere, counts', async () => {
    stage(`import { x } from './cur/x.ts';`, 'x');
    project.write('v1/x.ts', 'export const x = 1;\n');
    project.write('v2/x.ts', 'export const x = 2;\n');
    symlinkSync('v1', join(project.dir, 'cur'));
    expect(await output()).toBe('1');
    rmSync(join(project.dir, 'cur'));
    symlinkSync('v2', join(project.dir, 'cur'));
    expect(await output()).toBe('2');
  });
});

describe('code in the project, or linked into it, is keyed by content', () => {
  test('a workspace package', async () => {
    stage(`import { x } from '@study/tools';`, 'x');
    project.write(
      'packages/tools/package.json',
      '{"name": "@study/tools", "version": "1.0.0", "type": "module", "main": "i.js"}',
    );
    project.write('packages/tools/i.js', `export { x } from './x.js';\n`);
    project.write('packages/tools/x.js', 'export const x = 1;\n');
    mkdirSync(join(project.dir, 'node_modules/@study'), { recursive: true });
    symlinkSync('../../packages/tools', join(project.dir, 'node_modules/@study/tools'));
    expect(await output()).toBe('1');
    project.write('packages/tools/x.js', 'export const x = 2;\n');
    expect(await output()).toBe('2');
    expect(project.pipe('status').stdout).toContain('up to date');
  });

  test('a package linked from outside the project, in CommonJS', async () => {
    const outside = new CliProject(pipe.file);
    try {
      stage(`import tool from 'tool';`, 'tool');
      outside.write('package.json', '{"name": "tool", "version": "1.0.0", "main": "i.js"}');
      outside.write('i.js', `module.exports = require('node:path').join('a', require('./x.js'));\n`);
      outside.write('x.js', `module.exports = '1';\n`);
      mkdirSync(join(project.dir, 'node_modules'));
      symlinkSync(outside.dir, join(project.dir, 'node_modules/tool'));
      expect(await output()).toBe('a/1');
      outside.write('x.js', `module.exports = '2';\n`);
      expect(await output()).toBe('a/2');
    } finally {
      outside.remove();
    }
  });

  test('an import of the project by its own name', async () => {
    stage(`import { x } from 'study/x';`, 'x');
    project.write('own/x.ts', 'export const x: number = 1;\n');
    expect(await output()).toBe('1');
    project.write('own/x.ts', 'export const x: number = 2;\n');
    expect(await output()).toBe('2');
  });

  test('createRequire is refused, and the way out is named', () => {
    stage(
      `import { createRequire } from 'node:module';\nconst load = createRequire(process.cwd() + '/');`,
      `load('./x.cjs')`,
    );
    project.write('x.cjs', 'module.exports = 1;\n');
    const { code, stdout, stderr } = project.pipe('run');
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain(
      'a.ts:3:14: code that is loaded through createRequire is not seen by the key',
    );
    expect(stdout + stderr).toContain('Import it with a literal path');
  });

  test('a package has the version of the copy that is loaded, and that copy is the one beside the importer', async () => {
    stage(`import { x } from './parts/use.ts';`, 'x');
    project.write('parts/use.ts', `export { default as x } from 'dep';\n`);
    for (const [folder, version] of [
      ['node_modules/dep', '1.0.0'],
      ['parts/node_modules/dep', '2.0.0'],
    ] as const) {
      project.write(`${folder}/package.json`, `{"name": "dep", "version": "${version}", "main": "i.js"}`);
      project.write(`${folder}/i.js`, `module.exports = '${version}';\n`);
    }
    expect(await output()).toBe('2.0.0');
    project.write(
      'parts/node_modules/dep/package.json',
      '{"name": "dep", "version": "3.0.0", "main": "i.js"}',
    );
    project.write('parts/node_modules/dep/i.js', `module.exports = '3.0.0';\n`);
    expect(await output()).toBe('3.0.0');
  });
});
