/** What a chain of reruns goes back to. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprintVersion, type Reason } from '../../../src/pipe/key/fingerprint.ts';
import { reasonsBetween, rootCauses } from '../../../src/pipe/key/reason.ts';
import type { CellId } from '../../../src/pipe/plan/graph.ts';
import { CellsProject } from '../../kit/cells.ts';

let project: CellsProject;
beforeEach(() => {
  project = new CellsProject();
  project.write('in.txt', '1');
  project.write('lib/mask.ts', 'export const mask = (text: string): string => text;\n');
  for (const stage of ['a', 'b'])
    project.write(
      `stages/${stage}.ts`,
      `import { readFileSync, writeFileSync } from 'node:fs';
import { mask } from '../lib/mask.ts';
export default ({ dep, out }: { dep(name: string): string; out(name: string): string }) =>
  writeFileSync(out('o'), mask('${stage}'));
`,
    );
  project.write(
    'pipeline.yaml',
    `version: 1
axes: {i: [1, 2, 3]}
stages:
  a: {run: stages/a.ts, matrix: [i], deps: {in: in.txt}, outs: {o: o.txt}}
  b: {run: stages/b.ts, matrix: [i], outs: {o: o.txt}}
  c: {cmd: 'cat \${deps.a} > \${outs.o}', matrix: [i], deps: {a: a.o}, outs: {o: o.txt}}
  d: {cmd: 'cat \${deps.c} \${deps.b} > \${outs.o}', deps: {c: c.o, b: b.o}, outs: {o: o.txt}}
`,
  );
});
afterEach(() => project.remove());

async function causes() {
  const reasons = new Map<CellId, readonly Reason[]>();
  for (const [cell, status] of await project.status())
    if ('reasons' in status) reasons.set(cell as CellId, status.reasons);
  return rootCauses(reasons).map(({ reason, cells }) => [
    reason.kind,
    'file' in reason ? reason.file : '',
    cells.length,
  ]);
}

test('10 cells because lib/mask.ts changed: the stages that use it, and what waits for them', async () => {
  await project.run();
  expect(await causes()).toEqual([]);
  project.write('lib/mask.ts', 'export const mask = (text: string): string => `${text}!`;\n');
  expect(await causes()).toEqual([['code', 'lib/mask.ts', 10]]);
});

test('a path that changed takes along only what is below it', async () => {
  await project.run();
  project.write('in.txt', '2');
  expect(await causes()).toEqual([['dep', '', 7]]);
});

test('a dep that is new names the cell that made it', async () => {
  await project.run();
  project.write('stages/a.ts', project.read('stages/a.ts').replace("mask('a')", "mask('A')"));
  const workspace = project.workspace();
  for (const cell of ['a[1]', 'a[2]', 'a[3]']) {
    const begun = await workspace.begin(cell as CellId, { run: 'run', force: false });
    if (begun.kind !== 'run') throw new Error(begun.kind);
    const outs = await begun.stage();
    // Only the second makes anything new.
    project.write(outs.o?.slice(project.dir.length + 1) ?? '', cell === 'a[2]' ? 'new' : 'a');
    await begun.publish({ ms: 1 });
  }
  expect(await workspace.look('c[1]' as CellId)).toMatchObject({ state: 'up-to-date' });
  expect(await workspace.look('c[2]' as CellId)).toMatchObject({
    reasons: [{ kind: 'dep', name: 'a', origin: 'a[2].o', cause: 'a[2]' }],
  });
  await workspace.close();
});

test('what an earlier version of the program recorded is compared by its version alone, whatever it lacks', () => {
  const sha256 = 'a'.repeat(64);
  const { fingerprint } = JSON.parse(
    JSON.stringify({
      fingerprint: {
        version: 1,
        code: { kind: 'command', command: 'true' },
        params: {},
        axes: {},
        deps: { x: { kind: 'gather', planned: 1, items: [{ axes: { i: '1' }, sha256 }] } },
        env: {},
        tools: {},
        outs: {},
      },
    }),
  );
  const now = { ...fingerprint, version: fingerprintVersion };
  expect(reasonsBetween(fingerprint, now, {})).toEqual([
    { kind: 'fingerprint-version', from: 1, to: fingerprintVersion },
  ]);
});
