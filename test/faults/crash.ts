/**
 * kill -9 after every step of publishing, and at random moments: after each, no object is corrupt, no old out is lost,
 * no file of a user is gone, and a rerun reaches the bytes of an undisturbed run. Beside every other kill a gc and a run of
 * other params are at work. `npm run test:faults -- [RANDOM-KILLS] [SECONDS]`: so many kills, in at most so many seconds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { storedManifests } from '../../src/pipe/store/contents.ts';
import { faultSteps } from '../../src/pipe/store/fault.ts';
import { layoutOf } from '../../src/pipe/store/layout.ts';
import { verifyCache } from '../../src/pipe/store/verify.ts';

const randomKills = Number(process.argv[2] ?? 1000);
const deadline = performance.now() + Number(process.argv[3] ?? Number.POSITIVE_INFINITY) * 1000;
const built = join(process.cwd(), 'dist');
if (!existsSync(built)) throw new Error('dist is missing: npm run build');
// A build of its own, so that nothing changes under it; where packages are still found.
const program = join(process.cwd(), 'node_modules/.cache', `faults-${process.pid}`);
cpSync(built, program, { recursive: true });
const pipe = join(program, 'pipe.js');

/** 50 cells: outs of their own, outs that several share, a folder, a checkpoint, a place. */
const pipeline = `version: 1
params: {word: one}
axes:
  i: [${Array.from({ length: 20 }, (_, i) => i).join(', ')}]
  half: [${Array.from({ length: 15 }, (_, i) => i).join(', ')}]
stages:
  own: {cmd: 'cat \${deps.in} > \${outs.file}; echo \${i} \${params.word} >> \${outs.file}', matrix: [i], deps: {in: in.txt}, outs: {file: file.txt}}
  shared: {cmd: 'cat \${deps.in} > \${outs.file}; echo same > \${outs.other}', matrix: [half], deps: {in: in.txt}, outs: {file: file.txt, other: other.txt}}
  folder:
    cmd: 'mkdir -p \${outs.files}/empty \${outs.files}/sub; cat \${deps.own} > \${outs.files}/sub/all; cp \${deps.in} \${outs.files}/in; ln -s in \${outs.files}/link'
    deps: {own: own.file, in: in.txt}
    outs: {files: {path: files, place: placed/files}}
  train:
    run: stages/train.ts
    deps: {in: in.txt, shared: shared.file}
    checkpoint: true
    outs: {weights: weights.txt}
  after: {cmd: 'cat \${deps.weights} > \${outs.file}; echo \${half} >> \${outs.file}', matrix: {axes: [half], exclude: [{half: [13, 14]}]}, deps: {weights: train.weights, files: folder.files}, outs: {file: file.txt}}
`;
/** Goes on from its checkpoint, and makes the same whether it was interrupted or not. */
const train = `import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
interface Context { dep(name: string): string; out(name: string): string; gathered(name: string): { items: { path: string }[] }; checkpoint: string | null }
export default ({ dep, gathered, out, checkpoint }: Context) => {
  const file = join(checkpoint ?? '', 'epochs');
  const done = existsSync(file) ? readFileSync(file, 'utf8').length : 0;
  for (let epoch = done; epoch < 5; epoch++) appendFileSync(file, '.');
  const shared = gathered('shared').items.map(({ path }) => readFileSync(path, 'utf8'));
  writeFileSync(out('weights'), [readFileSync(dep('in'), 'utf8'), ...shared, readFileSync(file, 'utf8').slice(0, 5)].join(''));
};
`;

const root = mkdtempSync(join(tmpdir(), 'pipe-faults-'));
const seeds = { state: 20261124 };
let kills = 0;
let lost = 0;
let corrupt = 0;
let different = 0;
let usersGone = 0;
/** Where a user may put files: beside outs, and among them. */
const usersFiles = ['placed/NOTES.md', 'placed/files/NOTES.md', 'cache/cells/own@0/NOTES.md'];
const failures: string[] = [];
try {
  const base = join(root, 'base');
  write(base, 'pipeline.yaml', pipeline);
  write(base, 'stages/train.ts', train);
  write(base, 'in.txt', 'first\n');
  await pipeRun(base);
  const oldManifests = new Set([...storedManifests(layoutOf(base))].map(({ name }) => name));
  if (oldManifests.size !== 50) throw new Error(`${oldManifests.size} cells instead of 50`);
  const undisturbed = join(root, 'undisturbed');
  cpSync(base, undisturbed, { recursive: true, verbatimSymlinks: true });
  write(undisturbed, 'in.txt', 'second\n');
  const started = performance.now();
  await pipeRun(undisturbed);
  let wholeMs = performance.now() - started;
  const expected = outsOf(undisturbed);

  let number = 0;
  const trial = async (name: string, kill: { fault?: string; afterMs?: number; restore?: boolean }) => {
    const project = join(root, 'trial');
    rmSync(project, { recursive: true, force: true });
    cpSync(base, project, { recursive: true, verbatimSymlinks: true });
    if (kill.restore === true)
      for (const folder of ['cells', 'state']) rmSync(join(project, 'cache', folder), { recursive: true });
    else write(project, 'in.txt', 'second\n');
    const mine = kill.restore === true ? usersFiles.slice(0, 2) : usersFiles;
    for (const path of mine) write(project, path, `user's ${path}`);
    const beside =
      number++ % 2 === 0
        ? []
        : [
            ['run', '-q', '--set', 'word=other'],
            ['cache', 'gc', '--yes'],
          ];
    const others = beside.map((args) => pipeBeside(project, args));
    const killed = await pipeRun(project, kill, others.length > 0);
    await Promise.all(others);
    if (!killed) return;
    kills++;
    const manifests = new Set([...storedManifests(layoutOf(project))].map(({ name: key }) => key));
    const gone = [...oldManifests].filter((key) => !manifests.has(key)).length;
    const { bad } = await verifyCache(project);
    await pipeRun(project);
    const reached =
      JSON.stringify(outsOf(project)) ===
      (kill.restore === true ? JSON.stringify(outsOf(base)) : JSON.stringify(expected));
    const kept = usersTexts(project);
    const missing = mine.filter((path) => !kept.has(`user's ${path}`));
    if (missing.length > 0) {
      usersGone++;
      failures.push(`${name}: gone: ${missing.join(', ')}`);
    }
    if (gone > 0) lost++;
    if (bad.length > 0) corrupt++;
    if (!reached) different++;
    if (gone > 0 || bad.length > 0 || !reached)
      failures.push(
        `${name}: ${gone} old outs lost, ${JSON.stringify(bad)}, ${reached ? 'same' : 'other'} bytes`,
      );
  };

  for (const step of faultSteps) {
    const restore = step === 'restore-copy';
    for (const nth of [1, 7]) {
      if (performance.now() > deadline) break;
      const before = kills;
      await trial(`after:${step}:${nth}`, { fault: `after:${step}:${nth}`, restore });
      if (kills === before && nth === 1 && performance.now() < deadline)
        failures.push(`step ${step} was never reached`);
    }
  }
  const atSteps = kills;
  // A run that was over before its moment came counts for nothing; the next moments are drawn from its time.
  for (let tries = 0; kills - atSteps < randomKills && tries < randomKills * 3; tries++) {
    if (performance.now() > deadline) break;
    const afterMs = random() * wholeMs;
    const before = kills;
    const begun = performance.now();
    await trial(`at ${afterMs.toFixed(0)} ms`, { afterMs, restore: tries % 10 === 9 });
    if (kills === before) wholeMs = Math.min(wholeMs, performance.now() - begun);
    if (process.stderr.isTTY) process.stderr.write(`\r${kills} kills`);
  }
  for (const failure of failures) console.log(failure);
  console.log(`${kills} kills, ${lost} lost, ${corrupt} corrupt, ${usersGone} user files gone`);
  if (different > 0) console.log(`${different} reruns reached other bytes`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  rmSync(root, { recursive: true, force: true });
  rmSync(program, { recursive: true, force: true });
}

/** True when it was killed. */
async function pipeRun(
  project: string,
  kill: { fault?: string; afterMs?: number } = {},
  besideOthers = false,
): Promise<boolean> {
  const child = spawn(process.execPath, [pipe, 'run', '-q'], {
    cwd: project,
    env: { ...process.env, ...(kill.fault === undefined ? {} : { PIPE_FAULT: kill.fault }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const timer =
    kill.afterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), kill.afterMs);
  const { code, signal } = await ended(child);
  clearTimeout(timer);
  if (signal === 'SIGKILL') return true;
  // Whatever a run came to beside others: what counts is the run after it.
  if (code !== 0 && !besideOthers) throw new Error(`pipe run ended with ${code}: ${said}`);
  return false;
}

async function pipeBeside(project: string, args: readonly string[]): Promise<void> {
  await ended(spawn(process.execPath, [pipe, ...args], { cwd: project, stdio: 'ignore' }));
}

/** Wherever they are kept. */
function usersTexts(project: string): ReadonlySet<string> {
  const files = readdirSync(project, { recursive: true, withFileTypes: true });
  const notes = files.filter((one) => one.isFile() && one.name.startsWith('NOTES'));
  return new Set(notes.map((one) => readFileSync(join(one.parentPath, one.name), 'utf8')));
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
}

/** What people see: outs in place and placed copies. */
function outsOf(project: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (path: string) => {
    for (const name of readdirSync(join(project, path)).sort()) {
      if (name === 'NOTES.md') continue;
      const inner = `${path}/${name}`;
      const stat = lstatSync(join(project, inner));
      if (stat.isDirectory()) {
        found[inner] = 'folder';
        walk(inner);
      } else found[inner] = stat.isSymbolicLink() ? 'link' : readFileSync(join(project, inner), 'utf8');
    }
  };
  walk('cache/cells');
  walk('placed');
  return found;
}

function write(project: string, path: string, text: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
}

function random(): number {
  seeds.state = (Math.imul(seeds.state, 1664525) + 1013904223) >>> 0;
  return seeds.state / 2 ** 32;
}
