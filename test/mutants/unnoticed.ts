/** Thirteen changes that a review once made and no test noticed, in its order. */
import { type Mutant, mutant } from './mutant.ts';
import { tests } from './tests.ts';

export const unnoticed: readonly Mutant[] = [
  mutant(
    'the lock is looked at before anything is published',
    'pipe/cell/publish.ts',
    ['() => lock.held()', '() => true'],
    ['test/pipe/cell/lost-lock.test.ts', 'whoever lost its lock publishes nothing'],
  ),
  mutant(
    'a stage starts when any later write of its inputs would show',
    'pipe/cell/guard.ts',
    ['while (now && !now.settled) {', 'while (false) {'],
    [tests.rules, 'a stage waits until a later write of its inputs must show'],
  ),
  mutant(
    'upstream outs that were written are not accepted',
    'pipe/cell/guard.ts',
    ['if (note !== null) changes.push', 'if (false) changes.push'],
    [tests.inputs, 'is made again when a stage wrote through its link'],
  ),
  mutant(
    'the stat of a link is part of a folder',
    'pipe/digest/folder-walk.ts',
    ['this.stats.update(`${name}\\0${signature(stat)}\\n`);\n      await this.#link', 'await this.#link'],
    [tests.digests, 'a link that is turned and turned back shows, also where something is left out'],
  ),
  mutant(
    'objects are on disk before they get their names',
    'pipe/store/object-writer.ts',
    ['    await onDisk(fresh.map(({ from }) => from));', '    ;'],
    [tests.fsync, 'after a power cut at any moment'],
  ),
  mutant(
    'the stat is taken again after hashing',
    'pipe/digest/file-digests.ts',
    ['if (after && signature(after) === seen) {', 'if (after) {'],
    [tests.rules, 'a file that is written while it is hashed'],
  ),
  mutant(
    'a manifest’s fingerprint hashes to its key',
    'pipe/store/records.ts',
    ['|| keyOf(fingerprint) !== key', ''],
    [tests.rules, 'a manifest whose fingerprint is not of its key is damaged'],
  ),
  mutant(
    'gc spares what is younger than a live lock',
    'pipe/store/gc-mark.ts',
    ['!(working.any && changedSince(file, working.since))', 'true'],
    [tests.rules, 'gc spares an object that is being published'],
  ),
  mutant(
    'gc removes only what was not written again',
    'pipe/store/gc.ts',
    ['return second.filter(({ name, version }) => versions.get(name) === version);', 'return [...second];'],
    [tests.rules, 'gc spares an object that was stored or linked again since it was listed'],
  ),
  mutant(
    '`..` in the middle of a path leaves it',
    'pipe/digest/listing.ts',
    [" && name !== '..'", " && !(name === '..' && path.startsWith('..'))"],
    [tests.rules, 'what leaves a folder'],
  ),
  mutant(
    'the tsconfig.json of the project is part of a trace',
    'pipe/trace/typescript/lookups.ts',
    ['    this.#observer.file(file);\n    const config', '    const config'],
    [tests.typescript, 'a tsconfig.json that is edited is seen'],
  ),
  mutant(
    'a path that begins with a dash is no option',
    'pipe/job/command.ts',
    ["return inside.startsWith('-') ? `./${inside}` : inside;", 'return inside;'],
    [tests.commands, 'a path that begins with a dash is not read as an option'],
  ),
  mutant(
    'what is restored is hashed',
    'pipe/store/checkout.ts',
    ['if ((await hashFile(target, file.size)) !== object)', 'if (false)'],
    [tests.rules, 'an object with other bytes of the same size is not put in place'],
  ),
];
