/** What the store promises: publishing, records, and putting back. */
import { type Mutant, mutant } from './mutant.ts';
import { tests } from './tests.ts';

export const storing: readonly Mutant[] = [
  // Publishing
  mutant(
    'whoever lost its lock leaves what its successor stages',
    'pipe/cell/staging.ts',
    ['if (!this.#removeEmpty()) removeTree(this.folder);', 'removeTree(dirname(this.folder));'],
    ['test/pipe/cell/lost-lock.test.ts', 'whoever lost its lock publishes nothing'],
  ),
  mutant(
    'a manifest is on disk before it gets its name',
    'lib/sealed.ts',
    ['    await onDisk([aside]);\n', ''],
    [tests.fsync, 'after a power cut at any moment'],
  ),
  mutant(
    "an object's name is on disk before the manifest",
    'pipe/store/object-writer.ts',
    ['  await onDisk([...folders, layout.objects]);\n', '  void folders;\n'],
    [tests.fsync, 'after a power cut at any moment'],
  ),
  // Records
  mutant(
    'a manifest is of the key that it is asked for',
    'pipe/store/records.ts',
    ['head.key !== key || ', ''],
    [tests.rules, 'a manifest under another key'],
  ),
  mutant(
    'an entry has the paths that its fingerprint declares',
    'pipe/store/records.ts',
    ['return names.every((name) => outs[name]?.path === fingerprint.outs[name]);', 'return true;'],
    [tests.store, 'another declared path than the fingerprint has'],
  ),
  mutant(
    'a checksum covers a record',
    'lib/sealed.ts',
    ["if (`${sha256Of(body)}\\n` !== text.slice(-65)) return 'damaged';", ''],
    [tests.rules, 'a record with a flipped byte is damaged'],
  ),
  mutant(
    'a record that is a pipe does not block',
    'lib/regular-file.ts',
    [' | constants.O_NONBLOCK', ''],
    [tests.foreign, 'a named pipe at cache/index/digests does not hang'],
  ),
  mutant(
    'a size is a whole number',
    'pipe/digest/listing.ts',
    ['Number.isSafeInteger(value)', 'Number.isFinite(value)'],
    [tests.store, 'a size of 2^60'],
  ),
  mutant(
    'nothing in a listing stands below a link',
    'pipe/digest/listing.ts',
    ['!folders.has(parentOf(entry.path)) || ', ''],
    [tests.store, 'in a listing: a file below a link'],
  ),
  mutant(
    'a link in a listing stays inside',
    'pipe/digest/listing.ts',
    ['if (depth < 0) return false;', ''],
    [tests.store, 'in a listing: a link that climbs out'],
  ),
  // Restoring
  mutant(
    'an object that is a link is not followed',
    'pipe/store/contents.ts',
    [
      'const stat = entryAt(objectFile(layout, sha256));\n      if (!stat?.isFile())',
      'const stat = entryAt(objectFile(layout, sha256));\n      if (!stat)',
    ],
    [tests.rules, 'an object that is a link is broken'],
  ),
  mutant(
    'a listing is hashed before it is read',
    'pipe/store/objects.ts',
    ['if (sha256Of(text) !== object) throw', 'if (false) throw'],
    [tests.rules, 'a listing with other bytes'],
  ),
  mutant(
    'a group of syncs takes in nobody who comes after it began',
    'lib/on-disk.ts',
    ['    gathering = null;\n', ''],
    [tests.fsync, 'after a power cut at any moment while many cells are published at once'],
  ),
  mutant(
    'whoever asks for a sync waits for it',
    'lib/on-disk.ts',
    ['  await Promise.all(paths.map((path) => group.paths.get(path)));\n', ''],
    [tests.fsync, 'after a power cut at any moment while 3 files'],
  ),
  mutant(
    'many files are on disk before they get their names',
    'pipe/store/object-writer.ts',
    ['(fresh.length <= syncEachUpTo || !(await syncFileSystem(first.from)))', 'fresh.length <= syncEachUpTo'],
    [tests.fsync, 'after a power cut at any moment while 40 files'],
  ),
  mutant(
    'what a run says is done has its name on disk',
    'lib/sealed.ts',
    [
      '  await onDisk([folder, dirname(folder), ...(made === undefined ? [] : [dirname(made)])]);\n',
      '  void made;\n',
    ],
    [tests.fsync, 'after a power cut at any moment while many cells are published at once'],
  ),
  mutant(
    'the lock is looked at again when the manifest is written aside',
    'lib/sealed.ts',
    ['    if (!allowed()) {\n', '    if (false) {\n'],
    ['test/lib/sealed.test.ts', 'a record that is not allowed any more once it is written gets no name'],
  ),
  mutant(
    'a view is looked at before it is read',
    'pipe/store/view.ts',
    ['if (await this.#isRight(out, path)) break;', 'if (before !== null) break;'],
    [tests.manyAtWork, 'a view that was written is made again before anyone reads it'],
  ),
  mutant(
    'a view that another cell has just made is left to it',
    'pipe/store/view.ts',
    ['if (identityOf(path) !== before) continue;', ''],
    [tests.rules, 'a view that two cells open at once'],
  ),
];
