/**
 * kill -9 of one run after another, at every step of publishing and at random moments, beside a gc and a run of other
 * params. A run that comes to its end in spite of it must have made the right outs.
 * Long because it is one program: what it kills, where, and what must be true afterwards.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { storedManifests } from '../../src/pipe/store/contents.ts';
import { faultSteps } from '../../src/pipe/store/fault.ts';
import { layoutOf } from '../../src/pipe/store/layout.ts';
import { verifyCache } from '../../src/pipe/store/verify.ts';
import { numbersOf, type Pick } from '../kit/numbers.ts';
import { type DoomedProject, doomedProjects, type Edition } from './doomed-project.ts';

export interface KillOptions {
  /** Path of the built program. */
  readonly pipe: string;
  readonly kills: number;
  readonly seed: number;
  /** Projects at once. */
  readonly jobs: number;
  /** Lives of projects that were done by an earlier call. */
  readonly firstLife: number;
  readonly deadlineMs: number;
  /** Then a new project is begun, because what is kept in one grows; left out: 25. */
  readonly killsPerLife?: number;
  /** Told now and then. */
  readonly onKill?: (count: KillCount) => void;
}

export interface KillCount {
  kills: number;
  /** Kills after which a result that was there before is not there. */
  lost: number;
  /** Kills after which the store holds something that is not what its name says. */
  corrupt: number;
  /** Files of a user's that are nowhere in the project. */
  usersGone: number;
  /** Runs that ended by themselves, right and beside nothing, with other outs than they should have. */
  different: number;
  /** Runs and gcs that ended with an error. */
  errors: number;
  /** Runs that came to their end and had the right outs. */
  settled: number;
  lives: number;
}

export interface KillsResult extends KillCount {
  /** Steps of publishing after which no run was killed. */
  readonly missed: readonly string[];
  readonly failures: readonly string[];
  readonly projects: readonly string[];
}

export async function killRuns(options: KillOptions): Promise<KillsResult> {
  const projects = doomedProjects();
  const count: KillCount = {
    kills: 0,
    lost: 0,
    corrupt: 0,
    usersGone: 0,
    different: 0,
    errors: 0,
    settled: 0,
    lives: 0,
  };
  const killedAt = new Set<string>();
  const failures: string[] = [];
  const isOver = () => count.kills >= options.kills || performance.now() > options.deadlineMs;
  let next = options.firstLife;
  const worker = async () => {
    while (!isOver()) {
      const number = next++;
      const kind = projects[number % projects.length];
      if (!kind) return;
      const life = new Life(kind, number, { ...options, count, killedAt, failures, isOver });
      try {
        await life.live();
        count.lives++;
      } finally {
        life.end();
      }
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  const missed = faultSteps.filter((step) => !killedAt.has(step));
  return { ...count, missed, failures, projects: projects.map(({ name }) => name) };
}

interface LifeOptions extends KillOptions {
  readonly count: KillCount;
  readonly killedAt: Set<string>;
  readonly failures: string[];
  readonly isOver: () => boolean;
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly said: string;
  /** From its first word to its end. */
  readonly ms: number;
}

class Life {
  readonly #kind: DoomedProject;
  readonly #number: number;
  readonly #options: LifeOptions;
  readonly #dir: string;
  readonly #pick: Pick;
  #edition: Edition = { input: 'first\n', word: 'one', code: 'A' };
  /** Texts of the user's own, each of which must stay somewhere. */
  readonly #notes = new Map<string, string>();
  #written = 0;
  #keys = new Set<string>();
  #usualMs = 500;
  #kills = 0;
  #runs = 0;

  constructor(kind: DoomedProject, number: number, options: LifeOptions) {
    this.#kind = kind;
    this.#number = number;
    this.#options = options;
    // Memory, where there is some: what a kill leaves is what the system was told, on whatever disk.
    this.#dir = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'pipe-kills-'));
    this.#pick = numbersOf(options.seed * 1_000_003 + number);
    this.#write();
  }

  end(): void {
    // A stage that was just orphaned may still be writing.
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  async live(): Promise<void> {
    await this.#settle();
    while (this.#kills < (this.#options.killsPerLife ?? 25) && !this.#options.isOver()) {
      const edit = this.#edit();
      // Until a run comes to its end: the next one starts from whatever the one before left.
      let settled = false;
      for (let tries = 0; tries < 6 && !settled && !this.#options.isOver(); tries++)
        settled = await this.#killOne(edit);
      if (!settled) await this.#settle();
    }
  }

  /** True when the run came to its end, and nothing ran beside it. */
  async #killOne(edit: string): Promise<boolean> {
    const { count, killedAt } = this.#options;
    const number = this.#runs++;
    const step =
      number % 2 === 0 ? faultSteps[(number / 2 + this.#number * 5) % faultSteps.length] : undefined;
    const nth = 1 + this.#pick(3);
    const afterMs = this.#random() * this.#usualMs * 1.1;
    const beside = number % 3 < 2 ? [] : this.#beside();
    const where = step === undefined ? `${afterMs.toFixed(0)} ms after its start` : `after:${step}:${nth}`;
    const name = `life ${this.#number} (${this.#kind.name}), ${edit}, run ${number} killed ${where}${beside.length > 0 ? ' beside others' : ''}`;
    const others = beside.map((args) => this.#pipe(args));
    const ended = await this.#pipe(
      ['run', '--json', ...(number % 8 === 0 ? [] : ['--no-report'])],
      step === undefined ? { afterMs } : { fault: `after:${step}:${nth}` },
    );
    for (const [index, other] of (await Promise.all(others)).entries())
      if (other.code !== 0) this.#error(`${name}: pipe ${beside[index]?.join(' ')}`, other);
    const killed = ended.signal === 'SIGKILL';
    if (killed) {
      count.kills++;
      this.#kills++;
      if (step !== undefined) killedAt.add(step);
    } else {
      this.#usualMs = (this.#usualMs + ended.ms) / 2;
      if (ended.code !== 0) this.#error(name, ended);
      else if (beside.length === 0) this.#checkOuts(name);
    }
    await this.#check(name);
    if (killed) this.#options.onKill?.(count);
    return !killed && beside.length === 0;
  }

  #beside(): readonly (readonly string[])[] {
    const other = ['run', '-q', '--no-report', '--set', 'word=other'];
    const gc = ['cache', 'gc', '--yes'];
    return [[other, gc], [other], [gc]][this.#pick(3)] ?? [];
  }

  async #settle(): Promise<void> {
    const ended = await this.#pipe(['run', '--json', '--no-report']);
    const name = `life ${this.#number} (${this.#kind.name}), a run after all`;
    if (ended.code !== 0) this.#error(name, ended);
    else this.#checkOuts(name);
    await this.#check(name);
  }

  #edit(): string {
    const pick = <One>(list: readonly One[]): One => list[this.#pick(list.length)] as One;
    const before = this.#edition;
    if (this.#random() < 0.15) {
      this.#dropPlace();
      return 'the outs deleted';
    }
    this.#edition = {
      input: pick(['first\n', 'second\n', 'third\n']),
      word: pick(['one', 'two']),
      code: pick(['A', 'B']),
    };
    // What ran before is restored, what did not is made: each about half of the time.
    if (this.#random() < 0.5 || isDeepStrictEqual(before, this.#edition))
      this.#edition = { ...this.#edition, input: `new ${this.#written++}\n` };
    this.#write();
    for (const path of this.#kind.notes) if (this.#random() < 0.3) this.#note(path, path);
    for (const path of this.#kind.edited)
      if (this.#random() < 0.2 && existsSync(join(this.#dir, path))) this.#note(path, path);
    return 'edited';
  }

  /** What the user deletes is not to be found again. */
  #dropPlace(): void {
    for (const folder of ['cells', 'state'])
      rmSync(join(this.#dir, 'cache', folder), { recursive: true, force: true });
    const found = this.#texts();
    for (const [text, path] of this.#notes)
      if (path.startsWith('cache/cells/') && !found.has(text)) this.#notes.delete(text);
  }

  #note(path: string, shown: string): void {
    const text = `the user's own ${this.#written++} at ${shown}`;
    const file = join(this.#dir, path);
    // What a note is written over is the user's own to lose.
    if (existsSync(file)) this.#notes.delete(readFileSync(file, 'utf8'));
    mkdirSync(dirname(file), { recursive: true });
    rmSync(file, { force: true });
    writeFileSync(file, text);
    this.#notes.set(text, path);
  }

  #write(): void {
    for (const [path, text] of Object.entries(this.#kind.files(this.#edition))) {
      mkdirSync(dirname(join(this.#dir, path)), { recursive: true });
      writeFileSync(join(this.#dir, path), text);
    }
  }

  async #check(name: string): Promise<void> {
    const { count, failures } = this.#options;
    const { bad } = await verifyCache(this.#dir);
    if (bad.length > 0) {
      count.corrupt++;
      failures.push(`${name}: corrupt: ${JSON.stringify(bad)}`);
    }
    const now = new Set([...storedManifests(layoutOf(this.#dir))].map((one) => String(one.name)));
    const gone = [...this.#keys].filter((key) => !now.has(key));
    if (gone.length > 0) {
      count.lost++;
      failures.push(`${name}: ${gone.length} results are gone: ${gone.join(', ')}`);
    }
    this.#keys = now;
    const found = this.#texts();
    for (const text of this.#notes.keys()) {
      if (found.has(text)) continue;
      count.usersGone++;
      failures.push(`${name}: gone: ${text}`);
      this.#notes.delete(text);
    }
  }

  #checkOuts(name: string): void {
    const should = this.#kind.outs(this.#edition);
    const is = this.#outs();
    // The notes that stand among them are a user's.
    const notes = new Set(this.#kind.notes);
    for (const path of Object.keys(is))
      if (notes.has(path) || (should[path] === undefined && is[path] === 'folder')) delete is[path];
    if (isDeepStrictEqual(is, should)) {
      this.#options.count.settled++;
      return;
    }
    this.#options.count.different++;
    const paths = [...new Set([...Object.keys(is), ...Object.keys(should)])];
    const wrong = paths.filter((path) => is[path] !== should[path]);
    const shown = wrong.map(
      (path) => `${path}: ${JSON.stringify(is[path])} for ${JSON.stringify(should[path])}`,
    );
    this.#options.failures.push(`${name}: other outs: ${shown.join('; ')}`);
  }

  /** What people see: outs in place and placed copies. */
  #outs(): Record<string, string> {
    const found: Record<string, string> = {};
    const walk = (path: string) => {
      if (!existsSync(join(this.#dir, path))) return;
      for (const name of readdirSync(join(this.#dir, path)).sort()) {
        const inner = `${path}/${name}`;
        const file = join(this.#dir, inner);
        const stat = lstatSync(file);
        if (stat.isDirectory()) {
          found[inner] = 'folder';
          walk(inner);
        } else
          found[inner] = stat.isSymbolicLink() ? `link ${readlinkSync(file)}` : readFileSync(file, 'utf8');
      }
    };
    walk('cache/cells');
    walk('placed');
    return found;
  }

  /** Of every file that may be a user's, wherever it is kept. */
  #texts(): ReadonlySet<string> {
    const found = new Set<string>();
    const walk = (path: string) => {
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        const inner = join(path, entry.name);
        if (entry.isDirectory()) walk(inner);
        else if (entry.isFile()) found.add(readFileSync(inner, 'utf8'));
      }
    };
    for (const folder of ['placed', 'cache/cells', 'cache/quarantine'])
      if (existsSync(join(this.#dir, folder))) walk(join(this.#dir, folder));
    return found;
  }

  #error(name: string, { code, signal, said }: Ended): void {
    this.#options.count.errors++;
    this.#options.failures.push(`${name} ended with ${code ?? signal}: ${said.slice(-1500)}`);
  }

  async #pipe(
    args: readonly string[],
    kill: { readonly fault?: string; readonly afterMs?: number } = {},
  ): Promise<Ended> {
    const { fault, afterMs } = kill;
    const { CI: _, ...env } = process.env;
    const child = spawn(process.execPath, [this.#options.pipe, ...args], {
      cwd: this.#dir,
      env: { ...env, ...(fault === undefined ? {} : { PIPE_FAULT: fault }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let began: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => {
        said += text;
        if (began !== undefined) return;
        // From its first word on: before that it only starts.
        began = performance.now();
        if (afterMs !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
      });
    const { code, signal } = await closed(child);
    clearTimeout(timer);
    return { code, signal, said, ms: performance.now() - (began ?? performance.now()) };
  }

  /** From 0 up to 1. */
  #random(): number {
    return this.#pick(2 ** 30) / 2 ** 30;
  }
}

function closed(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
}
