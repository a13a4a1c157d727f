/** What reruns after an edit, and what does not. Long because it has a test per kind of edit. */
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256Of } from '../../../src/lib/sha256.ts';
import type { CellId } from '../../../src/pipe/plan/graph.ts';
import { CellsProject } from '../../kit/cells.ts';

let project: CellsProject;
beforeEach(() => {
  project = new CellsProject();
});
afterEach(() => project.remove());

const small = `
version: 1
params: {factor: 2}
axes:
  seed: [1, 2]
stages:
  make:
    run: stages/make.ts
    matrix: [seed]
    deps: {input: input.txt}
    params: {factor: "\${params.factor}"}
    outs: {value: value.txt}
  sum:
    run: stages/sum.ts
    deps: {values: make.value}
    outs: {total: total.txt, folder: parts}
`;
const make = `
import { readFileSync, writeFileSync } from 'node:fs';
import { defineStage } from 'pipe-experiments/stage';
import { scale, unused } from '../lib/scale.ts';
export default defineStage(({ dep, out, params, axes }) => {
  // A comment.
  writeFileSync(out('value'), String(scale(Number(readFileSync(dep('input'), 'utf8')), Number(params.factor)) + Number(axes.seed)));
});
`;
const scale = `
export function scale(value: number, factor: number): number {
  return value * factor;
}
export function unused(): number {
  return 1;
}
`;
const sum = `
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { defineStage } from 'pipe-experiments/stage';
export default defineStage(({ gathered, out }) => {
  const values = gathered('values').items.map(({ path }) => Number(readFileSync(path, 'utf8')));
  writeFileSync(out('total'), String(values.reduce((a, b) => a + b, 0)));
  mkdirSync(out('folder') + '/empty', { recursive: true });
  writeFileSync(out('folder') + '/values.txt', values.join(' '));
});
`;
function writeSmall(): void {
  project.write('pipeline.yaml', small);
  project.write('input.txt', '10');
  project.write('stages/make.ts', make);
  project.write('lib/scale.ts', scale);
  project.write('stages/sum.ts', sum);
}

describe('a pipeline of module stages', () => {
  beforeEach(writeSmall);

  test('runs everything once, and nothing right after', async () => {
    expect((await project.run()).ran).toEqual(['make[1]', 'make[2]', 'sum']);
    expect(project.read('cache/cells/sum/total.txt')).toBe('43');
    expect(existsSync(join(project.dir, 'cache/cells/sum/parts/empty'))).toBe(true);
    const again = await project.run();
    expect([...again.fates.values()]).toEqual(['up-to-date', 'up-to-date', 'up-to-date']);
    expect(existsSync(join(project.dir, 'cache/staging/sum'))).toBe(false);
  });

  test('a comment, white space, or a function that the stage does not use reruns nothing', async () => {
    await project.run();
    project.write('stages/make.ts', make.replace('// A comment.', '// Another,\n  // longer one.'));
    project.write('lib/scale.ts', scale.replace('return 1;', 'return 2;'));
    expect((await project.run()).ran).toEqual([]);
  });

  test('a function that it uses reruns the stage, and why names the file and its import chain', async () => {
    await project.run();
    project.write('lib/scale.ts', scale.replace('value * factor', 'value * factor + 1'));
    const status = (await project.status()).get('make[1]');
    expect(status).toMatchObject({
      state: 'stale',
      reasons: [{ kind: 'code', file: 'lib/scale.ts', via: ['stages/make.ts', 'lib/scale.ts'] }],
    });
    expect((await project.run()).ran).toEqual(['make[1]', 'make[2]', 'sum']);
  });

  test('the same bytes upstream rerun nothing below', async () => {
    await project.run();
    project.write('lib/scale.ts', scale.replace('value * factor', 'factor * value'));
    expect((await project.run()).ran).toEqual(['make[1]', 'make[2]']);
  });

  test('going back to an earlier input restores what it produced', async () => {
    await project.run();
    const first = project.snapshot();
    project.write('input.txt', '11');
    expect((await project.run()).ran).toHaveLength(3);
    project.write('input.txt', '10');
    const back = await project.run();
    expect([...back.fates.values()]).toEqual(['restored', 'restored', 'restored']);
    expect(project.snapshot()).toEqual(first);
  });

  test('a param is named with both values', async () => {
    await project.run();
    const status = (await project.status({ set: ['factor=3'] })).get('make[2]');
    expect(status).toMatchObject({
      state: 'stale',
      reasons: [{ kind: 'param', name: 'factor', from: 2, to: 3 }],
    });
  });

  test('reordering an axis reruns nothing, one more value runs only itself and what gathers it', async () => {
    await project.run();
    project.write('pipeline.yaml', small.replace('[1, 2]', '[2, 1]'));
    expect((await project.run()).ran).toEqual([]);
    project.write('pipeline.yaml', small.replace('[1, 2]', '[3, 2, 1]'));
    expect((await project.run()).ran).toEqual(['make[3]', 'sum']);
  });

  test('reordering keys of maps reruns nothing', async () => {
    await project.run();
    project.write(
      'pipeline.yaml',
      small
        .replace('outs: {total: total.txt, folder: parts}', 'outs: {folder: parts, total: total.txt}')
        .replace('    deps: {input: input.txt}\n', '')
        .replace('outs: {value: value.txt}', 'outs: {value: value.txt}\n    deps: {input: input.txt}'),
    );
    expect((await project.run()).ran).toEqual([]);
  });

  test('a removed param and a removed dep rerun', async () => {
    const extra = small
      .replace('{factor: "${params.factor}"}', '{factor: "${params.factor}", other: 1}')
      .replace('deps: {values: make.value}', 'deps: {values: make.value, note: note.txt}');
    project.write('note.txt', 'x');
    project.write('pipeline.yaml', extra);
    await project.run();
    project.write('pipeline.yaml', small);
    const status = await project.status();
    expect(status.get('make[1]')).toMatchObject({
      reasons: [{ kind: 'param', name: 'other', from: 1, to: undefined }],
    });
    expect((await project.run()).ran).toEqual(['make[1]', 'make[2]', 'sum']);
  });

  test('a same-size edit of an out with its mtime put back is noticed and undone', async () => {
    await project.run();
    await project.run();
    const file = join(project.dir, 'cache/cells/sum/total.txt');
    const before = new Date(Date.now() - 60_000);
    utimesSync(file, before, before);
    await project.run();
    writeFileSync(file, '99');
    utimesSync(file, before, before);
    expect((await project.status()).get('sum')).toMatchObject({
      state: 'restorable',
      reasons: [{ kind: 'out-changed', name: 'total' }],
    });
    expect((await project.run()).fates.get('sum')).toBe('restored');
    expect(project.read('cache/cells/sum/total.txt')).toBe('43');
  });

  test('a missing out is put back', async () => {
    await project.run();
    rmSync(join(project.dir, 'cache/cells/sum/parts'), { recursive: true });
    expect((await project.status()).get('sum')).toMatchObject({
      state: 'restorable',
      reasons: [{ kind: 'out-missing', name: 'folder' }],
    });
    expect((await project.run()).fates.get('sum')).toBe('restored');
  });

  test('every index and all states may be deleted: nothing runs again', async () => {
    await project.run();
    const first = project.snapshot();
    for (const folder of ['index', 'state', 'code', 'locks', 'staging', 'cells'])
      rmSync(join(project.dir, 'cache', folder), { recursive: true, force: true });
    expect((await project.run()).ran).toEqual([]);
    expect(project.snapshot()).toEqual(first);
  });

  test('an input that was edited while the stage ran is not published, and is named', async () => {
    await project.run();
    const before = project.snapshot();
    project.write('input.txt', '20');
    let edited = false;
    const run = await project.run({
      during: (cell) => {
        if (cell.id !== 'make[1]' || edited) return;
        edited = true;
        project.write('input.txt', '21');
      },
    });
    expect(run.fates.get('make[1]')).toBe('dirty-inputs');
    expect(run.messages[0]).toContain('"input.txt"');
    expect(project.snapshot()['cache/cells/make@1/value.txt']).toBe(before['cache/cells/make@1/value.txt']);
    expect(Object.keys(project.snapshot('cache/quarantine'))).toHaveLength(2);
    await project.run();
    expect(project.read('cache/cells/make@1/value.txt')).toBe('43');
  });

  test('an input that is edited after the run began: the cell runs with what is there, under the key of that', async () => {
    const workspace = project.workspace();
    const before = (await workspace.status()).get('make[1]' as CellId);
    project.write('input.txt', '30');
    const begun = await workspace.begin('make[1]' as CellId, { run: 'run', force: false });
    if (begun.kind !== 'run' || before?.state !== 'stale') throw new Error(begun.kind);
    expect(begun.key).not.toBe(before.key);
    expect(begun.fingerprint.deps.input).toEqual({ kind: 'one', sha256: sha256Of('30'), name: 'input.txt' });
    const outs = await begun.stage();
    writeFileSync(outs.value ?? '', '61');
    expect((await begun.publish({ ms: 1 })).kind).toBe('published');
    await workspace.close();
    expect((await project.run()).fates.get('make[1]')).toBe('up-to-date');
  });

  test('an edit that was taken back before the stage ended is noticed all the same', async () => {
    project.write('input.txt', '20');
    const run = await project.run({
      during: () => {
        project.write('input.txt', '21');
        project.write('input.txt', '20');
      },
    });
    expect(run.fates.get('make[1]')).toBe('dirty-inputs');
  });
});

describe('commands, environment, tools', () => {
  const pipeline = (extra: string) => `
version: 1
stages:
  say:
    cmd: printf %s "$\${WORD-}$\${SECRET-}" > \${outs.text}
${extra}
    outs: {text: text.txt}
`;

  test('a keyed variable reruns, a passed one never does and is in no file', async () => {
    project.write('pipeline.yaml', pipeline('    env: {keyed: [WORD], pass: [SECRET]}'));
    await project.run({ env: { WORD: 'a', SECRET: '' } });
    expect((await project.run({ env: { WORD: 'a', SECRET: 'hush-1234' } })).ran).toEqual([]);
    const status = (await project.status({ env: { WORD: 'b' } })).get('say');
    expect(status).toMatchObject({ reasons: [{ kind: 'env', name: 'WORD', from: 'a', to: 'b' }] });
  });

  test('a variable that is not declared does not reach the stage', async () => {
    project.write('pipeline.yaml', pipeline(''));
    await project.run({ env: { WORD: 'leak' } });
    expect(project.read('cache/cells/say/text.txt')).toBe('');
  });

  test('the output of a tool is part of the key', async () => {
    project.write('version', '1');
    project.write('pipeline.yaml', pipeline('    tools: {mine: cat version}'));
    await project.run();
    project.write('version', '2');
    expect((await project.status()).get('say')).toMatchObject({
      reasons: [{ kind: 'tool', name: 'mine', from: '1', to: '2' }],
    });
  });

  test('frozen never runs, always always does', async () => {
    project.write('pipeline.yaml', pipeline('    env: {WORD: one}'));
    await project.run();
    project.write('pipeline.yaml', pipeline('    env: {WORD: two}\n    frozen: kept for the paper'));
    const run = await project.run();
    expect(run.fates.get('say')).toBe('frozen');
    expect(project.read('cache/cells/say/text.txt')).toBe('one');
    project.write('pipeline.yaml', pipeline('    env: {WORD: one}\n    always: true'));
    expect((await project.run()).ran).toEqual(['say']);
    expect((await project.run()).ran).toEqual(['say']);
  });

  test('absent, null and empty are three different params', async () => {
    const keys = new Set<string>();
    for (const params of ['{}', '{a: null}', '{a: ""}', '{a: {}}', '{a: []}']) {
      project.write('pipeline.yaml', pipeline(`    params: ${params}`));
      const status = (await project.status()).get('say');
      if (status?.state === 'stale') keys.add(status.key);
    }
    expect(keys.size).toBe(5);
  });

  test('an out that is not written is named, and nothing is published', async () => {
    project.write('pipeline.yaml', pipeline('').replace('> ${outs.text}', '> /dev/null'));
    const run = await project.run();
    expect(run.fates.get('say')).toBe('out-missing');
    expect(existsSync(join(project.dir, 'cache/cells/say'))).toBe(false);
  });
});

describe('files of every kind', () => {
  const copy = `
version: 1
stages:
  copy:
    cmd: cp -a \${deps.from} \${outs.to}
    deps: {from: from}
    outs: {to: {path: to, place: placed/here}}
`;
  const name = 'a b\n"ü"\u4e2d';
  beforeEach(() => {
    project.write('pipeline.yaml', copy);
    project.write(`from/${name}/x`, 'x');
    project.write('from/run.sh', '#!/bin/sh');
    chmodSync(join(project.dir, 'from/run.sh'), 0o755);
    mkdirSync(join(project.dir, 'from/empty'));
    symlinkSync('run.sh', join(project.dir, 'from/link'));
  });

  test('names, modes, links and empty folders survive a restore, in place and where they are placed', async () => {
    await project.run();
    const [cells, placed] = [project.snapshot(), project.snapshot('placed')];
    for (const folder of ['cache/cells', 'cache/state', 'placed'])
      rmSync(join(project.dir, folder), { recursive: true });
    expect((await project.run()).ran).toEqual([]);
    expect(project.snapshot()).toEqual(cells);
    expect(project.snapshot('placed')).toEqual(placed);
    expect(cells['cache/cells/copy/to/link']).toBe('link run.sh');
    expect(cells['cache/cells/copy/to/run.sh']).toMatch(/^true /);
  });

  test('a mode, a link, a name or an empty folder changes the key', async () => {
    const keys = new Set<string>();
    const look = async () => {
      const status = (await project.status()).get('copy');
      if (status && 'key' in status && status.key) keys.add(status.key);
    };
    await look();
    chmodSync(join(project.dir, 'from/run.sh'), 0o644);
    await look();
    rmSync(join(project.dir, 'from/empty'), { recursive: true });
    await look();
    rmSync(join(project.dir, 'from/link'));
    symlinkSync('./run.sh', join(project.dir, 'from/link'));
    await look();
    rmSync(join(project.dir, `from/${name}`), { recursive: true });
    await look();
    expect(keys.size).toBe(5);
  });

  test('what lay at a place before is kept', async () => {
    project.write('placed/here', 'mine');
    const run = await project.run();
    expect(run.warnings[0]).toContain('placed/here');
    expect(Object.values(project.snapshot('cache/quarantine'))).toContain(`false ${btoa('mine')}`);
  });

  test('a link that leads out of the project is refused', async () => {
    symlinkSync('/etc/hostname', join(project.dir, 'from/out'));
    const run = await project.run();
    expect(run.fates.get('copy')).toBe('blocked');
    expect(run.messages[0]).toContain('leads out of the project');
  });

  test('an out with a link that leads out of it is refused', async () => {
    project.write(
      'pipeline.yaml',
      copy.replace('cp -a ${deps.from} ${outs.to}', 'mkdir ${outs.to}; ln -s /etc ${outs.to}/x'),
    );
    const run = await project.run();
    expect(run.fates.get('copy')).toBe('out-refused');
    expect(existsSync(join(project.dir, 'cache/cells/copy'))).toBe(false);
  });
});
