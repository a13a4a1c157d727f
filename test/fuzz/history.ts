/**
 * Random histories of a project: edits, runs, two runs at once, collections of garbage. At the end a run must leave
 * what a run of a clean copy makes, the next must have nothing to do, and what a user put among the outs must be kept.
 * Long because a history, what it checks and how it is made shorter are one thing.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { HistoryProject } from './history-project.ts';
import {
  edits,
  files,
  newWorld,
  type Pick,
  picker,
  put,
  snapshot,
  type World,
  writePipeline,
  writeStart,
} from './history-world.ts';

export interface Failure {
  readonly seed: number;
  /** Numbers of the steps that it takes. */
  readonly steps: readonly number[];
  readonly why: string;
  /** The steps in words. */
  readonly told: readonly string[];
}

const editNames = Object.keys(edits);

/** A step's name, and what it does with the numbers that are its own. */
const actions: readonly (readonly [
  name: string,
  weight: number,
  act: (history: History, pick: Pick) => Promise<void>,
])[] = [
  ['edit', 12, async (history, pick) => history.edit(pick)],
  ['run', 4, async (history, pick) => history.run(pick)],
  ['run while something is edited', 1, async (history, pick) => history.runWhileEdited(pick)],
  ['two runs at once', 1, async (history, pick) => history.twoRuns(pick)],
  ['gc', 1, async (history, pick) => history.collect(pick)],
  ['gc beside a run', 1, async (history, pick) => history.collectBeside(pick)],
  ['freeze or thaw', 1, async (history, pick) => history.freeze(pick)],
  ['back to the start', 1, async (history) => history.back()],
];
const weights = actions.flatMap(([, weight], index) => Array.from({ length: weight }, () => index));

class History {
  readonly project = new HistoryProject();
  readonly told: string[] = [];
  #world: World;
  readonly #first: World;
  /** Texts of the user's own → where they were put. */
  readonly #notes = new Map<string, string>();
  #written = 0;
  /** Of frozen stages, their outs as they were then. */
  readonly #frozen = new Map<string, unknown>();

  constructor(seed: number) {
    this.#world = newWorld(picker(seed));
    this.#first = structuredClone(this.#world);
    writeStart(this.project.dir);
  }

  edit(pick: Pick): void {
    const name = editNames[pick(editNames.length)] ?? 'a param';
    this.told.push(`edit: ${name}`);
    this.#apply(name, pick);
  }

  #apply(name: string, pick: Pick): void {
    const { dir } = this.project;
    const note = (path: string) => {
      const text = `mine ${this.#written++}`;
      const file = join(dir, path);
      if (existsSync(file)) this.#notes.delete(readFileSync(file, 'utf8'));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      this.#notes.set(text, path);
    };
    const before = this.#texts();
    edits[name]?.({ dir, world: this.#world, pick, note });
    // What the user removes is not to be found again.
    if (name === 'outs that are gone') {
      const after = this.#texts();
      for (const text of before) if (!after.has(text)) this.#notes.delete(text);
    }
  }

  async run(pick: Pick): Promise<void> {
    const how = pick(3) === 0 ? { profile: 'other' } : pick(4) === 0 ? { set: [`p0=${pick(3)}`] } : {};
    this.told.push(`run ${JSON.stringify(how)}`);
    this.#write();
    await this.project.run(how);
  }

  async runWhileEdited(pick: Pick): Promise<void> {
    const outside = [
      'a file',
      'a file through a link',
      'another target of a link',
      'two names exchanged',
      'code',
    ];
    const name = outside[pick(outside.length)] ?? 'a file';
    const [number, back] = [pick(1_000_000), pick(2) === 0];
    this.told.push(`run, and in the middle of it: ${name}${back ? ', twice' : ''}`);
    this.#write();
    await this.project.run({
      during: () => {
        this.#apply(name, picker(number));
        if (back) this.#apply(name, picker(number));
      },
    });
  }

  async twoRuns(pick: Pick): Promise<void> {
    const hows = [{}, { profile: 'other' }, { set: [`p0=${pick(3)}`] }, { set: ['axes.a=["2","7"]'] }];
    const [a, b] = [hows[pick(hows.length)] ?? {}, hows[pick(hows.length)] ?? {}];
    this.told.push(`two runs at once: ${JSON.stringify(a)} and ${JSON.stringify(b)}`);
    this.#write();
    const both = await Promise.all([this.project.run(a), this.project.run(b)]);
    // What one could not do for want of an input, the other could not either; nothing else may fail.
    for (const { said } of both) {
      const wrong = said.filter((text) => !/does not exist|is not there|depends on|frozen/.test(text));
      if (wrong.length > 0) throw new Error(`of two runs at once one failed: ${wrong.join('; ')}`);
    }
  }

  async collect(pick: Pick): Promise<void> {
    const flags = pick(2) === 0 ? [] : ['--keep-days=0', '--keep-runs=0'];
    this.told.push(`gc ${flags.join(' ')}`);
    this.#write();
    await this.project.gc(...flags);
  }

  async collectBeside(pick: Pick): Promise<void> {
    const flags = pick(2) === 0 ? [] : ['--keep-days=0', '--keep-runs=0'];
    const how = pick(2) === 0 ? {} : { profile: 'other' };
    this.told.push(`run ${JSON.stringify(how)} beside gc ${flags.join(' ')}`);
    this.#write();
    await Promise.all([this.project.run(how), this.project.gc(...flags)]);
  }

  /** A stage whose outs are right is frozen: from now on they stay as they are. */
  async freeze(pick: Pick): Promise<void> {
    const stage = this.#world.stages[pick(this.#world.stages.length)];
    if (!stage || stage.matrix) return;
    if (stage.frozen) {
      this.told.push(`thaw ${stage.name}`);
      stage.frozen = false;
      this.#frozen.delete(stage.name);
      return;
    }
    this.told.push(`run and freeze ${stage.name}`);
    this.#write();
    const { good } = await this.project.run();
    if (!good.has(stage.name)) return;
    this.#frozen.set(stage.name, await this.#outsOf(stage.name));
    stage.frozen = true;
    this.#write();
    await this.project.run();
  }

  back(): void {
    this.told.push('back to the start');
    const frozen = new Set(this.#world.stages.filter((stage) => stage.frozen).map(({ name }) => name));
    if (frozen.size > 0) return;
    this.#world = structuredClone(this.#first);
    const { dir } = this.project;
    for (const name of ['libc', 'stages/tsconfig.json', 'stages/package.json', 'lib/deep'])
      put(dir, name, null);
    for (const name of ['dir', 'va', 'vb']) put(dir, name, null);
    writeStart(dir);
  }

  async check(): Promise<string | null> {
    this.#write();
    const { project } = this;
    const run = await project.run();
    const clean = project.clean();
    try {
      // A frozen stage has no outs but those that it has.
      for (const [stage] of this.#frozen) this.#copyFrozen(stage, clean);
      const should = await clean.run();
      const better = [...should.good].filter((cell) => !run.good.has(cell));
      const worse = [...run.good].filter((cell) => !should.good.has(cell));
      if (better.length + worse.length > 0)
        return `a clean run ${better.length > 0 ? `makes ${better}` : `cannot make ${worse}`}; said: ${JSON.stringify([run.said, should.said])}`;
      const [is, ought] = [await project.outs(run.good), await clean.outs(run.good)];
      const wrong = Object.keys(ought).filter(
        (name) => !isDeepStrictEqual(withoutNotes(is[name]), withoutNotes(ought[name])),
      );
      if (wrong.length > 0)
        return wrong
          .map(
            (name) =>
              `${name} is ${JSON.stringify(is[name])}, and ${JSON.stringify(ought[name])} of a clean run`,
          )
          .join('\n');
      for (const [stage, outs] of this.#frozen)
        if (
          run.good.has(stage) &&
          !isDeepStrictEqual(withoutNotes(await this.#outsOf(stage)), withoutNotes(outs))
        )
          return `${stage} is frozen and has other outs`;
      const again = await project.run();
      if (again.ran.length > 0) return `a run after a run ran ${again.ran}`;
    } finally {
      clean.remove();
    }
    const texts = this.#texts();
    const gone = [...this.#notes].filter(([text]) => !texts.has(text));
    return gone.length === 0 ? null : `gone: ${gone.map(([text, path]) => `${text} at ${path}`).join(', ')}`;
  }

  #copyFrozen(stage: string, clean: HistoryProject): void {
    const outs = this.#world.stages.find(({ name }) => name === stage)?.outs ?? {};
    for (const path of Object.values(outs))
      copyOut(
        join(this.project.dir, 'cache/cells', stage, path),
        join(clean.dir, 'cache/cells', stage, path),
      );
  }

  /** In its own folder. */
  async #outsOf(stage: string): Promise<unknown> {
    const outs = Object.entries(await this.project.outs(new Set([stage])));
    return Object.fromEntries(outs.filter(([name]) => !name.includes(' at ')));
  }

  #write(): void {
    writePipeline(this.project.dir, this.#world, this.#written);
  }

  /** Of every file that may be a user's, wherever it is kept. */
  #texts(): ReadonlySet<string> {
    const { dir } = this.project;
    const all = ['placed', 'cache/cells', 'cache/quarantine'].flatMap((folder) => files(dir, folder));
    return new Set(all.map((path) => readFileSync(join(dir, path), 'utf8')));
  }
}

/** By content: where it is a link into the cache, what that leads to. */
function copyOut(from: string, to: string): void {
  const copy = (tree: unknown, at: string): void => {
    if (tree === null) return;
    if (typeof tree === 'string') {
      const [, executable, text = ''] = /^(true|false) (.*)$/s.exec(tree) ?? [];
      mkdirSync(dirname(at), { recursive: true });
      writeFileSync(at, text, { mode: executable === 'true' ? 0o755 : 0o644 });
      return;
    }
    mkdirSync(at, { recursive: true });
    for (const [name, inner] of Object.entries(tree as object)) copy(inner, join(at, name));
  };
  rmSync(to, { recursive: true, force: true });
  copy(snapshot(from), to);
}

/** A user's files may stand among the outs until the next publication. */
function withoutNotes(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([name]) => !/^mine-\d$/.test(name))
      .map(([name, inner]) => [name, withoutNotes(inner)]),
  );
}

/** Steps of the history of a seed: their number and kinds are its own. `only`: these alone. Null: it went well. */
export async function walk(seed: number, only?: readonly number[]): Promise<Failure | null> {
  const pick = picker(seed ^ 0x5bd1e995);
  const count = 3 + pick(8);
  const steps = Array.from({ length: count }, () => ({
    action: actions[weights[pick(weights.length)] ?? 0],
    number: pick(1_000_000_000),
  }));
  const taken = only ?? steps.map((_, index) => index);
  const history = new History(seed);
  try {
    let why: string | null;
    try {
      for (const index of taken) {
        const step = steps[index];
        await step?.action?.[2](history, picker(step.number));
      }
      history.told.push('run, and compare with a clean run');
      why = await history.check();
    } catch (error) {
      why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    return why === null ? null : { seed, steps: taken, why, told: history.told };
  } finally {
    history.project.remove();
  }
}

/** The same failure with as few steps as can be found. */
export async function shrink(failure: Failure): Promise<Failure> {
  let best = failure;
  for (let index = best.steps.length - 1; index >= 0; index--) {
    const fewer = best.steps.toSpliced(index, 1);
    // Twice, because some depend on who comes first.
    const again = (await walk(failure.seed, fewer)) ?? (await walk(failure.seed, fewer));
    if (again) best = again;
  }
  return best;
}

export function failureText({ seed, steps, why, told }: Failure): string {
  return `history ${seed}: ${why}\n${told.map((text, index) => `  ${index + 1}. ${text}`).join('\n')}\n  again: npm run test:fuzz -- --histories 1 --first ${seed} --steps ${steps.join(',')}`;
}

export interface Histories {
  readonly histories: number;
  readonly failures: readonly Failure[];
}

export interface WalkOptions {
  readonly atOnce?: number;
  readonly deadlineMs?: number;
  readonly onDone?: (done: number) => void;
  /** Told before it is made shorter. */
  readonly onFailure?: (failure: Failure) => void;
}

/** `count` histories from seed `first` on, several at a time: each waits for the file system's clock now and then. */
export async function walkHistories(
  first: number,
  count: number,
  options: WalkOptions = {},
): Promise<Histories> {
  const { atOnce = 12, deadlineMs = Number.POSITIVE_INFINITY, onDone, onFailure } = options;
  const failures: Failure[] = [];
  let next = first;
  let done = 0;
  const worker = async () => {
    while (next < first + count && performance.now() < deadlineMs && failures.length < 5) {
      const failure = await walk(next++);
      if (failure) {
        failures.push(failure);
        onFailure?.(failure);
      }
      onDone?.(++done);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { histories: done, failures };
}
