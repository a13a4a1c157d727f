/** Random graphs, random edits: what an incremental run leaves equals what a clean run makes. */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Job } from '../../../src/pipe/job/job.ts';
import type { Cell } from '../../../src/pipe/plan/graph.ts';
import { CellsProject, type Ran } from '../../kit/cells.ts';

const cases = Number(process.env.PIPE_PROPERTY_CASES ?? 500);
/** Memory, where there is some: thousands of runs wait for no disk. */
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

interface Spec {
  params: Record<string, number>;
  axes: Record<string, string[]>;
  files: Record<string, string>;
  stages: StageSpec[];
}
interface StageSpec {
  name: string;
  axes: string[];
  /** Lossy ones often make the same bytes from other inputs, so that cut-off is met. */
  command: number;
  /** Runs as a TypeScript module that takes `command` from a file it imports. */
  module: boolean;
  lossy: boolean;
  params: string[];
  deps: Record<string, string>;
  outs: Record<string, string>;
  env: Record<string, string>;
}

type Pick = (below: number) => number;

function randomSpec(pick: Pick): Spec {
  const axes: Record<string, string[]> = {};
  for (const name of ['a', 'b'].slice(0, 1 + pick(2))) axes[name] = ['1', '2', 'x'].slice(0, 1 + pick(3));
  const files = { 'f0.txt': String(pick(3)), 'f1.txt': String(pick(3)), 'dir/g.txt': 'g' };
  const stages: StageSpec[] = [];
  const count = 2 + pick(4);
  for (let index = 0; index < count; index++) {
    const deps: Record<string, string> = {};
    if (index === 0 || pick(2) === 0) deps.file = ['f0.txt', 'f1.txt', 'dir'][pick(3)] ?? 'dir';
    for (let above = 0; above < index; above++) {
      const from = stages[above];
      if (from && pick(2) === 0) deps[`d${above}`] = `${from.name}.${Object.keys(from.outs)[0]}`;
    }
    stages.push({
      name: `s${index}`,
      axes: Object.keys(axes).filter(() => pick(2) === 0),
      command: pick(3),
      module: pick(4) === 0,
      lossy: pick(3) === 0,
      params: ['p0', 'p1', 'p2'].filter(() => pick(3) === 0),
      deps,
      outs: pick(2) === 0 ? { o: 'o.txt' } : { o: 'folder', extra: 'sub/extra.txt' },
      env: {},
    });
  }
  return { params: { p0: 0, p1: 1, p2: 2 }, axes, files, stages };
}

/** One edit of the pipeline, its files, or its outs. */
function edit(spec: Spec, project: CellsProject, pick: Pick): void {
  const stage = spec.stages[pick(spec.stages.length)];
  const axis = Object.values(spec.axes)[pick(Object.keys(spec.axes).length)];
  if (!stage || !axis) return;
  const edits: (() => void)[] = [
    () => (spec.params[`p${pick(3)}`] = pick(4)),
    () => (spec.files['f0.txt'] = String(pick(4))),
    () => (spec.files['dir/g.txt'] = String(pick(4))),
    () => (spec.files[`dir/h${pick(2)}.txt`] = 'new'),
    () => delete spec.files['dir/h0.txt'],
    () => (stage.command = pick(4)),
    () => (stage.lossy = !stage.lossy),
    () => (stage.module = !stage.module),
    () => stage.params.shift(),
    () => stage.params.includes('p1') || stage.params.push('p1'),
    () => delete stage.deps[Object.keys(stage.deps).at(-1) ?? ''],
    () => (stage.deps.file = 'f1.txt'),
    () => axis.includes('y') || axis.push('y'),
    () => axis.length > 1 && axis.shift(),
    () => axis.reverse(),
    () =>
      (stage.outs.o =
        stage.outs.o === 'folder' ? 'other' : stage.outs.o === 'o.txt' ? 'p.txt' : (stage.outs.o ?? 'o.txt')),
    () => (stage.env = pick(2) === 0 ? {} : { WORD: String(pick(2)) }),
    () => damageOut(project, pick),
  ];
  edits[pick(edits.length)]?.();
}

function damageOut(project: CellsProject, pick: Pick): void {
  const root = join(project.dir, 'cache/cells');
  const folders = existsSync(root) ? readdirSync(root) : [];
  const folder = folders[pick(folders.length)];
  if (folder === undefined) return;
  const path = join(root, folder);
  const [out] = readdirSync(path);
  if (out === undefined || pick(2) === 0) rmSync(path, { recursive: true });
  else if (statSync(join(path, out)).isFile()) appendFileSync(join(path, out), 'x');
  else writeFileSync(join(path, out, 'stray'), 'x');
}

function commandOf(stage: StageSpec): string {
  return `${stage.lossy ? 'lossy' : 'exact'} ${stage.command}`;
}

/** Every version of a source file has other comments and another unused constant. */
let remarks = 0;

function write(
  spec: Spec,
  project: CellsProject,
  shuffle: (keys: string[]) => string[] = (keys) => keys,
): void {
  rmSync(join(project.dir, 'dir'), { recursive: true, force: true });
  for (const [path, text] of Object.entries(spec.files)) project.write(path, text);
  const ordered = <Value>(record: Record<string, Value>) =>
    Object.fromEntries(shuffle(Object.keys(record)).map((key) => [key, record[key]]));
  const stages = spec.stages.map((stage) => [
    stage.name,
    ordered({
      ...(stage.module ? { run: `stages/${stage.name}.ts` } : { cmd: commandOf(stage) }),
      ...(stage.axes.length > 0 ? { matrix: stage.axes } : {}),
      params: ordered(Object.fromEntries(stage.params.map((name) => [name, `\${params.${name}}`]))),
      deps: ordered(stage.deps),
      outs: ordered(stage.outs),
      env: ordered(stage.env),
    }),
  ]);
  for (const stage of spec.stages.filter((one) => one.module)) {
    const lib = `export const command = ${JSON.stringify(commandOf(stage))};\nexport const unused = ${remarks};\n`;
    project.write(`lib/${stage.name}.ts`, lib);
    const main = `import { command } from '../lib/${stage.name}.ts';\n// Remark ${remarks++}\nexport default () => command;\n`;
    project.write(`stages/${stage.name}.ts`, main);
  }
  const document = {
    version: 1,
    params: ordered(spec.params),
    axes: ordered(spec.axes),
    stages: Object.fromEntries(stages),
  };
  project.write('pipeline.yaml', JSON.stringify(document));
}

/** What a stage makes depends on everything it can see, and on nothing else. */
async function execute(cell: Cell, job: Job): Promise<void> {
  const command = cell.run.kind === 'command' ? cell.run.command : await commandOfModule(job.module ?? '');
  const read = (path: string): unknown =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .sort()
          .map((name) => [name, read(join(path, name))])
      : readFileSync(path, 'utf8');
  const deps = Object.entries(job.deps)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, dep]) =>
      dep.kind === 'one'
        ? [name, read(dep.path)]
        : [name, dep.planned, dep.items.map(({ path, axes }) => [Object.entries(axes).sort(), read(path)])],
    );
  const params = Object.entries(job.params).sort(([a], [b]) => (a < b ? -1 : 1));
  const seen = JSON.stringify([command, params, Object.entries(job.axes).sort(), deps, cell.env.set]);
  const digest = createHash('sha256').update(seen).digest('hex');
  const text = command.startsWith('lossy')
    ? digest.slice(0, 1).replace(/[0-7]/, 'l').replace(/[^l]/, 'h')
    : digest;
  for (const path of Object.values(job.outs)) {
    if (path.endsWith('.txt')) writeFileSync(path, text);
    else {
      mkdirSync(path);
      writeFileSync(join(path, text.slice(0, 2)), text);
    }
  }
}

async function commandOfModule(bundle: string): Promise<string> {
  const loaded: { default: () => string } = await import(pathToFileURL(bundle).href);
  return loaded.default();
}

/** Every cell must have been run or had: failures that are alike on both sides would prove nothing. */
async function good(project: CellsProject): Promise<Ran> {
  const run = await project.run({ execute });
  expect(run.messages).toEqual([]);
  expect(run.fates.size).toBe(project.graph().cells.size);
  return run;
}

/** Only what belongs to cells of the pipeline as it is now: others stay until `gc`. */
function current(project: CellsProject): Record<string, string> {
  const cells = new Set([...project.graph().cells.keys()].map((id) => id.replace('[', '@').replace(']', '')));
  return Object.fromEntries(
    Object.entries(project.snapshot()).filter(([path]) => cells.has(path.split('/')[2] ?? '')),
  );
}

test(`in ${cases} random histories an incremental run equals a clean one, and a run after a success runs nothing`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.gen(), fc.integer({ min: 1, max: 5 }), async (gen, edits) => {
      const pick: Pick = (below) => gen(fc.nat, below - 1);
      const project = new CellsProject(mkdtempSync(join(scratch, 'pipe-property-')));
      const clean = new CellsProject(mkdtempSync(join(scratch, 'pipe-property-')));
      try {
        const first = randomSpec(pick);
        let spec = structuredClone(first);
        write(spec, project);
        await good(project);
        for (let n = 0; n < edits; n++) {
          // Now and then back to the start: everything must be restored right.
          if (pick(6) === 0) spec = structuredClone(first);
          else edit(spec, project, pick);
          write(spec, project);
          // Several edits meet in one run.
          if (pick(3) > 0) await good(project);
        }
        await good(project);
        write(spec, clean);
        await good(clean);
        expect(current(project)).toEqual(clean.snapshot());
        expect((await good(project)).ran).toEqual([]);
        write(spec, project, (keys) => keys.toSorted(() => pick(3) - 1));
        const again = await good(project);
        expect([...new Set(again.fates.values())]).toEqual(['up-to-date']);
      } finally {
        project.remove();
        clean.remove();
      }
    }),
    { numRuns: cases, seed: 3 },
  );
}, 900_000);
