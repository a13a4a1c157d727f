/** Edits of a history, by name: what a person does between two runs, or while one is under way. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { at, type Pick } from '../kit/numbers.ts';
import { paths, type World } from './history-world.ts';
import { files, folders, put, writeTo } from './tree.ts';

export interface Scene {
  readonly dir: string;
  readonly world: World;
  readonly pick: Pick;
  /** Puts a file of the user's own somewhere. */
  readonly note: (path: string) => void;
}

export const edits: Readonly<Record<string, (scene: Scene) => void>> = {
  'a param': ({ world, pick }) => {
    world.params[`p${pick(2)}`] = pick(3);
  },
  'the profile': ({ world, pick }) => {
    world.profile.p0 = pick(3);
    world.profile.axis = pick(2) === 0 ? null : ['1', '3'];
  },
  'an axis': ({ world, pick }) => {
    world.axis = [['1'], ['1', '2'], ['2', '1'], ['1', '2', 'y'], ['2']][pick(5)] ?? ['1'];
  },
  'a file': ({ dir, pick }) => {
    writeTo(
      dir,
      ['f0.txt', 'f1.txt', 'dir/g.txt', 'dir/sub/k.txt', 'v0.txt', 'v1.txt'][pick(6)] ?? 'f0.txt',
      String(pick(3)),
    );
  },
  'a file through a link': ({ dir, pick }) => {
    writeTo(dir, ['link.txt', 'dir/inner.txt', 'current/x.txt'][pick(3)] ?? 'link.txt', `t${pick(2)}`);
  },
  'a file, with size and time as before': ({ dir, pick }) => {
    const file = join(dir, ['f0.txt', 'dir/g.txt', 'link.txt'][pick(3)] ?? 'f0.txt');
    if (!existsSync(file)) return;
    const { atime, mtime } = statSync(file);
    writeFileSync(file, String(pick(3)));
    utimesSync(file, atime, mtime);
  },
  'another target of a link': ({ dir, pick }) => {
    const [path, targets] = (
      [
        ['link.txt', ['v0.txt', 'v1.txt', 'f0.txt']],
        ['current', ['va', 'vb', 'dir/sub']],
        ['dir/inner.txt', ['../v0.txt', '../v1.txt', 'g.txt']],
      ] as const
    )[pick(3)] ?? ['link.txt', ['v0.txt']];
    if (path.startsWith('dir/') && !existsSync(join(dir, 'dir'))) return;
    put(dir, path, `->${targets[pick(targets.length)]}`);
    if (path === 'current' && !existsSync(join(dir, 'current/x.txt'))) put(dir, 'dir/sub/x.txt', 'xs');
  },
  'two names exchanged': ({ dir, pick }) => {
    const [a, b] = (
      [
        ['f0.txt', 'f1.txt'],
        ['v0.txt', 'v1.txt'],
        ['va', 'vb'],
        ['liba', 'libb'],
        ['packages/ws', 'packages/ws2'],
        ['n1.ts', 'n2.ts'],
      ] as const
    )[pick(6)] ?? ['va', 'vb'];
    renameSync(join(dir, a), join(dir, 'between'));
    renameSync(join(dir, b), join(dir, a));
    renameSync(join(dir, 'between'), join(dir, b));
  },
  'a file that moves in a folder': ({ dir, pick }) => {
    const [a, b] = pick(2) === 0 ? ['dir/g.txt', 'dir/moved.txt'] : ['dir/sub', 'dir/under'];
    const [from, to] = existsSync(join(dir, a)) ? [a, b] : [b, a];
    if (existsSync(join(dir, from)) && !existsSync(join(dir, to))) renameSync(join(dir, from), join(dir, to));
  },
  'a file more or less in a folder': ({ dir, pick }) => {
    const path = ['dir/h.txt', 'dir/empty', 'dir/sub/deep/z.txt', 'va/y.txt'][pick(4)] ?? 'dir/h.txt';
    if (existsSync(join(dir, path))) rmSync(join(dir, path), { recursive: true });
    else if (path === 'dir/empty') mkdirSync(join(dir, path), { recursive: true });
    else put(dir, path, 'more');
  },
  'a file that is gone or comes back': ({ dir, pick }) => {
    const path = ['f1.txt', 'link.txt', 'v1.txt'][pick(3)] ?? 'f1.txt';
    if (lstatSync(join(dir, path), { throwIfNoEntry: false })) rmSync(join(dir, path));
    else put(dir, path, path === 'link.txt' ? '->v1.txt' : '1');
  },
  'whether a file may run': ({ dir, pick }) => {
    const file = join(dir, ['f0.txt', 'dir/g.txt', 'v0.txt'][pick(3)] ?? 'f0.txt');
    if (existsSync(file)) chmodSync(file, (statSync(file).mode & 0o100) === 0 ? 0o755 : 0o644);
  },
  'a nested tsconfig.json': ({ dir, pick }) => {
    const texts = [
      null,
      '{"compilerOptions": {"paths": {"@lib/*": ["../libb/*"]}}}',
      '{"extends": "../base.json"}',
      '{ /* as the root has it */ "compilerOptions": {"paths": {"@lib/*": ["../liba/*"],}} }',
    ];
    put(dir, 'stages/tsconfig.json', texts[pick(4)] ?? null);
  },
  'the root tsconfig.json': ({ dir, pick }) => {
    const list = ['["./libc/*", "./liba/*"]', '["./libb/*"]', '["./liba/*"]'][pick(3)];
    put(
      dir,
      'tsconfig.json',
      pick(4) === 0 ? '{"extends": "./base.json"}' : `{"compilerOptions": {"paths": {"@lib/*": ${list}}}}`,
    );
  },
  'what a tsconfig.json extends': ({ dir, pick }) => {
    put(
      dir,
      'base.json',
      `{"compilerOptions": {"paths": {"@lib/*": ["./lib${pick(2) === 0 ? 'a' : 'b'}/*"]}}}`,
    );
  },
  'a file earlier in a list of paths': ({ dir, pick }) => {
    put(dir, 'libc/x.ts', pick(2) === 0 ? null : 'export const x = "c";\n');
  },
  'a file that an import could mean': ({ dir, pick }) => {
    put(dir, 'lib/deep.ts', pick(2) === 0 ? null : 'export const d = 1;\n');
    put(
      dir,
      'lib/deep/index.ts',
      existsSync(join(dir, 'lib/deep.ts')) && pick(2) === 0 ? null : 'export const d = 2;\n',
    );
  },
  'package.json, the root or a nested one': ({ dir, pick }) => {
    if (pick(2) === 0)
      put(dir, 'package.json', `{"type": "module", "imports": {"#n": "./n${1 + pick(2)}.ts"}}`);
    else
      put(
        dir,
        'stages/package.json',
        pick(2) === 0 ? null : '{"type": "module", "imports": {"#n": "./n3.ts"}}',
      );
  },
  'a workspace package': ({ dir, pick }) => {
    const which = pick(4);
    if (which === 0) put(dir, 'node_modules/ws', `->../packages/ws${pick(2) === 0 ? '' : '2'}`);
    else if (which === 1) writeTo(dir, 'packages/ws/i.ts', `export const w = "i${pick(2)}";\n`);
    else if (which === 2 && existsSync(join(dir, 'packages/ws/j.ts')))
      put(
        dir,
        'packages/ws/package.json',
        `{"name": "ws", "version": "1.0.0", "main": "${pick(2) === 0 ? 'i' : 'j'}.ts"}`,
      );
    else put(dir, 'packages/ws2/i.ts', `export const w = "2${pick(2)}";\n`);
  },
  code: ({ dir, pick }) => {
    const path = ['liba/x.ts', 'libb/x.ts'][pick(2)] ?? 'liba/x.ts';
    put(
      dir,
      path,
      `// Remark ${pick(9)}\nexport const x = "x${pick(2)}";\nexport const unused = ${pick(9)};\n`,
    );
  },
  'what a stage does': ({ world, pick }) => {
    const stage = at(world.stages, pick);
    if (stage.frozen) return;
    const which = pick(5);
    if (which === 0) stage.command = pick(3);
    else if (which === 1) stage.lossy = !stage.lossy;
    else if (which === 2) stage.module = !stage.module;
    else if (which === 3) stage.word = [null, 'a', ''][pick(3)] ?? null;
    else stage.params = ['p0', 'p1'].filter(() => pick(2) === 0);
  },
  'what a stage reads': ({ world, pick }) => {
    const stage = at(world.stages, pick);
    if (stage.frozen) return;
    if (pick(3) === 0) delete stage.deps[Object.keys(stage.deps).at(-1) ?? ''];
    else stage.deps.file = at(paths, pick);
  },
  'what a stage makes': ({ world, pick }) => {
    const stage = at(world.stages, pick);
    if (stage.frozen) return;
    stage.outs.o = ['o.txt', 'p.txt', 'folder', 'deep/er'][pick(4)] ?? 'o.txt';
  },
  'where outs are placed': ({ world, pick }) => {
    const stage = at(world.stages, pick);
    stage.place = [null, `placed/${stage.name}`, `placed/in/${stage.name}`][pick(3)] ?? null;
  },
  'how outs are put in place': ({ world, pick }) => {
    const stage = at(world.stages, pick);
    stage.link = [null, 'copy', 'hardlink', 'symlink', 'auto'][pick(5)] ?? null;
  },
  'a file among the outs': ({ dir, pick, note }) => {
    const roots = ['cache/cells', 'placed'].filter((root) => existsSync(join(dir, root)));
    if (roots.length === 0) return;
    const folder = folders(dir, at(roots, pick));
    note(`${at(folder, pick)}/mine-${pick(3)}`);
  },
  'an out': ({ dir, world, pick }) => {
    // What lies in the folder of a frozen stage is its outs, whoever put it there.
    const frozen = world.stages.filter((stage) => stage.frozen).map(({ name }) => `cache/cells/${name}/`);
    const outs = [...files(dir, 'cache/cells'), ...files(dir, 'placed')].filter(
      (path) => !/\/mine-\d$/.test(path) && !frozen.some((folder) => path.startsWith(folder)),
    );
    if (outs.length === 0) return;
    const file = join(dir, at(outs, pick));
    if (pick(2) === 0) rmSync(file, { force: true });
    else {
      const text = readFileSync(file, 'utf8');
      // As an editor does: another file under its name.
      rmSync(file);
      writeFileSync(file, `${text}x`);
    }
  },
  'outs that are gone': ({ dir, pick }) => {
    const path =
      ['cache/cells', 'cache/state', 'placed', 'cache/index', 'cache/views', 'cache/code'][pick(6)] ??
      'cache/cells';
    for (const folder of existsSync(join(dir, path)) ? folders(dir, path) : []) {
      if (!lstatSync(join(dir, folder)).isSymbolicLink()) chmodSync(join(dir, folder), 0o755);
    }
    rmSync(join(dir, path), { recursive: true, force: true });
  },
  'an object of the store': ({ dir, pick }) => {
    const objects = files(dir, 'cache/objects').filter((path) => /\/[0-9a-f]{62}$/.test(path));
    if (objects.length === 0) return;
    const file = join(dir, at(objects, pick));
    if (pick(2) === 0) rmSync(file, { force: true });
    else {
      chmodSync(file, 0o644);
      appendFileSync(file, 'x');
    }
  },
};
