/**
 * A random history of a project: edits, runs, two runs at once, collections of garbage. At its end a run must leave what a run
 * of a clean copy makes, the next must have nothing to do, and what a user put among the outs must be kept.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { at, numbersOf, type Pick } from '../kit/numbers.ts';
import { edits } from './history-edits.ts';
import { HistoryProject } from './history-project.ts';
import { kindsOf, newWorld, type World, writePipeline, writeStart } from './history-world.ts';
import { copyOut, files, put } from './tree.ts';

const editNames = Object.keys(edits);

export class History {
  readonly project = new HistoryProject();
  /** The steps in words, to be read. */
  readonly told: string[] = [];
  /** Kinds of what was done, to be counted. */
  readonly drawn: string[] = [];
  #world: World;
  readonly #first: World;
  /** Texts of the user's own → where they were put. */
  readonly #notes = new Map<string, string>();
  #written = 0;
  /** Of frozen stages, their outs as they were then. */
  readonly #frozen = new Map<string, unknown>();

  constructor(seed: number) {
    this.#world = newWorld(numbersOf(seed));
    this.#first = structuredClone(this.#world);
    for (const kind of kindsOf(this.#world)) this.drawn.push(`a project with ${kind}`);
    writeStart(this.project.dir);
  }

  edit(pick: Pick): void {
    const name = editNames[pick(editNames.length)] ?? 'a param';
    this.#did(`edit: ${name}`);
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
    // What the user removes is not to be found again.
    const removes = name === 'outs that are gone';
    const before = removes ? this.#texts() : [];
    edits[name]?.({ dir, world: this.#world, pick, note });
    if (removes) {
      const after = this.#texts();
      for (const text of before) if (!after.has(text)) this.#notes.delete(text);
    }
  }

  async run(pick: Pick): Promise<void> {
    const how = pick(3) === 0 ? { profile: 'other' } : pick(4) === 0 ? { set: [`p0=${pick(3)}`] } : {};
    this.#did('profile' in how ? 'run of a profile' : 'set' in how ? 'run with --set' : 'run', how);
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
    this.#did('run while something is edited', { edit: name, twice: back });
    this.#write();
    await this.project.run({
      during: () => {
        this.#apply(name, numbersOf(number));
        if (back) this.#apply(name, numbersOf(number));
      },
    });
  }

  async twoRuns(pick: Pick): Promise<void> {
    const hows = [{}, { profile: 'other' }, { set: [`p0=${pick(3)}`] }, { set: ['axes.a=["2","7"]'] }];
    const [a, b] = [hows[pick(hows.length)] ?? {}, hows[pick(hows.length)] ?? {}];
    this.#did('two runs at once', [a, b]);
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
    this.#did('gc', flags);
    this.#write();
    await this.project.gc(...flags);
  }

  async collectBeside(pick: Pick): Promise<void> {
    const flags = pick(2) === 0 ? [] : ['--keep-days=0', '--keep-runs=0'];
    const how = pick(2) === 0 ? {} : { profile: 'other' };
    this.#did('gc beside a run', { how, flags });
    this.#write();
    await Promise.all([this.project.run(how), this.project.gc(...flags)]);
  }

  /** A stage whose outs are right is frozen: from now on they stay as they are. */
  async freeze(pick: Pick): Promise<void> {
    const frozen = this.#world.stages.find((one) => one.frozen);
    const stage = frozen && pick(2) === 0 ? frozen : at(this.#world.stages, pick);
    if (stage.matrix) return;
    if (stage.frozen) {
      this.#did('thaw', stage.name);
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
    this.drawn.push('freeze');
    this.#write();
    await this.project.run();
  }

  back(): void {
    this.#did('back to the start');
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
    this.told.push('run, and compare with a clean run');
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

  #did(kind: string, more?: unknown): void {
    this.drawn.push(kind);
    this.told.push(more === undefined ? kind : `${kind} ${JSON.stringify(more)}`);
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

/** A user's files may stand among the outs until the next publication. */
function withoutNotes(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([name]) => !/^mine-\d$/.test(name))
      .map(([name, inner]) => [name, withoutNotes(inner)]),
  );
}
