/** A random project of a history: what its pipeline says, and the files that it has at first. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pick } from '../kit/numbers.ts';
import { put } from './tree.ts';

interface StageSpec {
  readonly name: string;
  matrix: boolean;
  /** A TypeScript module that says what a command would say; what it imports decides it. */
  module: boolean;
  command: number;
  /** Often makes the same bytes from other inputs, so that cut-off is met. */
  lossy: boolean;
  params: string[];
  deps: Record<string, string>;
  outs: Record<string, string>;
  /** Places of the first out; `\${a}` where there is a matrix. */
  place: string | null;
  link: string | null;
  word: string | null;
  frozen: boolean;
}

export interface World {
  readonly params: Record<string, number>;
  /** What the profile `other` changes. */
  readonly profile: { p0: number; axis: readonly string[] | null };
  axis: string[];
  readonly stages: StageSpec[];
}

const startFiles: Readonly<Record<string, string>> = {
  'f0.txt': '0',
  'f1.txt': '1',
  'dir/g.txt': 'g',
  'dir/sub/k.txt': 'k',
  'v0.txt': '0',
  'v1.txt': '1',
  'link.txt': '->v0.txt',
  'dir/inner.txt': '->../v1.txt',
  'va/x.txt': 'xa',
  'vb/x.txt': 'xb',
  current: '->va',
  'tsconfig.json': '{"compilerOptions": {"paths": {"@lib/*": ["./libc/*", "./liba/*"]}}}',
  'base.json': '{"compilerOptions": {"paths": {"@lib/*": ["./libb/*"]}}}',
  'liba/x.ts': 'export const x = "a";\n',
  'libb/x.ts': 'export const x = "b";\n',
  'package.json': '{"type": "module", "imports": {"#n": "./n1.ts"}}',
  'n1.ts': 'export const n = 1;\n',
  'n2.ts': 'export const n = 2;\n',
  'stages/n3.ts': 'export const n = 3;\n',
  'packages/ws/package.json': '{"name": "ws", "version": "1.0.0", "main": "i.ts"}',
  'packages/ws/i.ts': 'export const w = "i";\n',
  'packages/ws/j.ts': 'export const w = "j";\n',
  'packages/ws2/package.json': '{"name": "ws", "version": "1.0.0", "main": "i.ts"}',
  'packages/ws2/i.ts': 'export const w = "2";\n',
  'node_modules/ws': '->../packages/ws',
  'lib/deep.ts': 'export const d = 1;\n',
};

/** Path deps, in the order in which edits name them. */
export const paths = ['f0.txt', 'f1.txt', 'dir', 'link.txt', 'current', 'current/x.txt', 'dir/sub', 'v0.txt'];

export function newWorld(pick: Pick): World {
  const stages: StageSpec[] = [];
  // Seldom four: what breaks shows in a few, and each costs its time.
  const count = 2 + (pick(5) === 0 ? 2 : pick(2));
  for (let index = 0; index < count; index++) {
    const deps: Record<string, string> = {};
    if (index === 0 || pick(2) === 0) deps.file = paths[pick(paths.length)] ?? 'dir';
    for (const above of stages) if (pick(2) === 0) deps[`d${above.name}`] = `${above.name}.o`;
    stages.push({
      name: `s${index}`,
      matrix: pick(3) === 0,
      module: pick(4) === 0,
      command: pick(3),
      lossy: pick(3) === 0,
      params: ['p0', 'p1'].filter(() => pick(2) === 0),
      deps,
      outs: pick(2) === 0 ? { o: 'o.txt' } : { o: 'folder', extra: 'sub/extra.txt' },
      place: null,
      link: null,
      word: null,
      frozen: false,
    });
  }
  return { params: { p0: 0, p1: 1 }, profile: { p0: 5, axis: null }, axis: ['1', '2'], stages };
}

export function writeStart(dir: string): void {
  for (const [path, content] of Object.entries(startFiles)) put(dir, path, content);
}

/** Writes the pipeline, and the entry of every module (each time with another remark, which must make no difference). */
export function writePipeline(dir: string, world: World, remark: number): void {
  const stages: Record<string, unknown> = {};
  for (const stage of world.stages) {
    const [first = 'o'] = Object.keys(stage.outs);
    const place = stage.place === null ? null : stage.matrix ? `${stage.place}-\${a}` : stage.place;
    const outs = Object.fromEntries(
      Object.entries(stage.outs).map(([name, path]) => {
        const placed = name === first && place !== null ? { place } : {};
        const link = name === first && stage.link !== null ? { link: stage.link } : {};
        return [name, { path, ...placed, ...link }];
      }),
    );
    stages[stage.name] = {
      ...(stage.module ? { run: `stages/${stage.name}.ts` } : { cmd: commandOf(stage) }),
      ...(stage.matrix ? { matrix: ['a'] } : {}),
      ...(stage.params.length === 0
        ? {}
        : { params: Object.fromEntries(stage.params.map((name) => [name, `\${params.${name}}`])) }),
      ...(Object.keys(stage.deps).length === 0 ? {} : { deps: stage.deps }),
      outs,
      ...(stage.word === null ? {} : { env: { set: { WORD: stage.word } } }),
      ...(stage.frozen ? { frozen: 'it is of use' } : {}),
    };
    if (stage.module) put(dir, `stages/${stage.name}.ts`, moduleText(stage, remark));
  }
  const { p0, axis } = world.profile;
  const other = { params: { p0 }, ...(axis === null ? {} : { axes: { a: axis } }) };
  const document = { version: 1, params: world.params, axes: { a: world.axis }, profiles: { other }, stages };
  writeFileSync(join(dir, 'pipeline.yaml'), JSON.stringify(document));
}

function commandOf(stage: StageSpec): string {
  return `${stage.lossy ? 'lossy' : 'exact'} ${stage.command}`;
}

function moduleText(stage: StageSpec, remark: number): string {
  return `import { x } from '@lib/x';
import { w } from 'ws';
import { n } from '#n';
import { d } from '../lib/deep';
// Remark ${remark}
export default () => ${JSON.stringify(commandOf(stage))} + [x, w, n, d].join();
`;
}

/** What a world has that not every one has, to be counted. */
export function kindsOf({ stages }: World): readonly string[] {
  const kinds = {
    'a module': stages.some(({ module }) => module),
    'a matrix': stages.some(({ matrix }) => matrix),
    'a stage below another': stages.some(({ deps }) => Object.keys(deps).some((name) => name !== 'file')),
    'outs that are often the same': stages.some(({ lossy }) => lossy),
  };
  return Object.entries(kinds).flatMap(([kind, is]) => (is ? [kind] : []));
}
