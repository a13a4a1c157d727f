/**
 * What a shared cache costs, against what it stands on: a large out up and down beside `curl` through the same nginx, and
 * many small cells beside a restore from the local store. `npm run bench:remote [-- large|small [SIZE]]`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sha256Of } from '../src/lib/sha256.ts';
import { keyOf } from '../src/pipe/key/cell-fingerprint.ts';
import type { CellId } from '../src/pipe/plan/graph.ts';
import { storedManifests } from '../src/pipe/store/contents.ts';
import { layoutOf, objectFile } from '../src/pipe/store/layout.ts';
import { readManifest, writeTakenManifest } from '../src/pipe/store/records.ts';
import { startNginx, type TestRemote } from '../test/kit/remotes.ts';

const pipe = join(process.cwd(), 'dist/pipe.cjs');
const folder = mkdtempSync(join(tmpdir(), 'pipe-bench-remote-'));
const [what = 'all', size] = process.argv.slice(2);

interface Timed {
  readonly seconds: number;
  /** Peak resident memory, MiB. */
  readonly memory: number;
  readonly output: string;
}

const remote = await startNginx();
try {
  if (what === 'large' || what === 'all') await large(remote, Number(size ?? 4 * 2 ** 30));
  if (what === 'small' || what === 'all')
    await small(remote, Number(what === 'small' ? (size ?? 10_000) : 10_000));
} finally {
  await remote.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function large({ url }: TestRemote, bytes: number): Promise<void> {
  const pipeline = `version: 1\nstages:\n  make: {cmd: "head -c ${bytes} /dev/urandom > \${outs.o}", outs: {o: o.bin}}\n`;
  const [from, to] = [project('from', pipeline), project('to', pipeline)];
  await timed(from, 'run', '--remote', 'none', '--no-report');
  const file = join(from, 'cache/cells/make/o.bin');
  console.log(`${bytes} bytes, through one nginx on this machine`);
  const curlUp = await measured('curl', ['-sS', '-T', file, `${url}/curl`], folder);
  const up = await timed(from, 'cache', 'push', '--remote', url);
  const curlUpAgain = await measured('curl', ['-sS', '-T', file, `${url}/curl`], folder);
  say('up', up, [curlUp, curlUpAgain]);
  const there = join(folder, 'curl.bin');
  const curlDown = await measured('curl', ['-sS', '-o', there, `${url}/curl`], folder);
  rmSync(there);
  const down = await timed(to, 'cache', 'pull', '--remote', url);
  const curlDownAgain = await measured('curl', ['-sS', '-o', there, `${url}/curl`], folder);
  rmSync(there);
  say('down', down, [curlDown, curlDownAgain]);
}

function say(way: string, ours: Timed, curl: readonly Timed[]): void {
  const mean = curl.reduce((sum, { seconds }) => sum + seconds, 0) / curl.length;
  console.log(
    `${way}: pipe ${ours.seconds.toFixed(1)} s, curl ${curl.map(({ seconds }) => seconds.toFixed(1)).join(' and ')} s, ` +
      `${(ours.seconds / mean).toFixed(2)} times; pipe at most ${ours.memory} MiB (${ours.output.trim().split('\n').at(-1)})`,
  );
}

async function small({ url }: TestRemote, cells: number): Promise<void> {
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index).join(', ');
  const pipeline = (count: number) =>
    `version: 1\naxes: {n: [${numbers(count)}]}\nstages:\n  make: {cmd: "echo 0 > \${outs.o}", matrix: [n], outs: {o: o.txt}}\n`;
  const from = project('local', pipeline(1));
  await timed(from, 'run', '--remote', 'none', '--no-report');
  multiply(from, cells);
  writeFileSync(join(from, 'pipeline.yaml'), pipeline(cells));
  const copy = join(folder, 'copy');
  cpSync(from, copy, { recursive: true });
  const local = await timed(from, 'run', '--remote', 'none', '--no-report', '-q');
  const push = await timed(copy, 'cache', 'push', '--remote', url);
  const to = project('restored', pipeline(cells));
  const taken = await timed(to, 'run', '--remote', url, '--no-report', '-q');
  const each = ({ seconds }: Timed) => `${((1000 * seconds) / cells).toFixed(2)} ms`;
  console.log(
    `${cells} cells: restored from nginx ${taken.seconds.toFixed(1)} s (${each(taken)} each, at most ${taken.memory} MiB), ` +
      `from the local store ${local.seconds.toFixed(1)} s (${each(local)} each), ${(taken.seconds / local.seconds).toFixed(2)} times; ` +
      `sent in ${push.seconds.toFixed(1)} s\n  ${taken.output.trim().split('\n').slice(-2).join('\n  ')}`,
  );
}

/** Results of all the cells from that of the first: their fingerprints differ in the axis alone. */
function multiply(path: string, cells: number): void {
  const layout = layoutOf(path);
  const [first] = storedManifests(layout);
  const made = first && readManifest(layout, first.name);
  if (!made || typeof made === 'string') throw new Error('the first cell left no manifest');
  for (let n = 0; n < cells; n++) {
    const fingerprint = { ...made.fingerprint, axes: { n: { name: String(n), value: n } } };
    const content = `${n}\n`;
    const sha256 = sha256Of(content);
    const file = objectFile(layout, sha256);
    mkdirSync(dirname(file), { recursive: true });
    if (!statSync(file, { throwIfNoEntry: false })) writeFileSync(file, content, { mode: 0o444 });
    const out = {
      path: 'o.txt',
      type: 'file',
      object: sha256,
      sha256,
      executable: false,
      size: content.length,
      files: 1,
    } as const;
    const cell = `make[${n}]` as CellId;
    writeTakenManifest(layout, { ...made, key: keyOf(fingerprint), cell, outs: { o: out } }, fingerprint);
  }
  for (const name of ['cells', 'state', 'index'])
    rmSync(join(path, 'cache', name), { recursive: true, force: true });
}

function project(name: string, pipeline: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'pipeline.yaml'), pipeline);
  return path;
}

function timed(cwd: string, ...args: readonly string[]): Promise<Timed> {
  return measured(process.execPath, [pipe, ...args], cwd);
}

async function measured(program: string, args: readonly string[], cwd: string): Promise<Timed> {
  // What earlier writes left must not be paid by this one.
  spawnSync('sync');
  const started = performance.now();
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  let memory = 0;
  const watch = setInterval(() => {
    try {
      const [, kib = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      memory = Math.max(memory, Math.round(Number(kib) / 1024));
    } catch {
      // It has ended.
    }
  }, 50);
  const [code] = await once(child, 'close');
  clearInterval(watch);
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${output}`);
  return { seconds, memory, output };
}
