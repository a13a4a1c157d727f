/**
 * Rules, each with the change that breaks it and the test that must notice: what a reviewer would try.
 * Long because it is a list.
 */

export interface Mutant {
  readonly rule: string;
  readonly file: string;
  /** Stands in the file once. */
  readonly find: string;
  readonly replace: string;
  readonly test: { readonly file: string; readonly name: string };
}

const incremental = 'test/pipe/cell/incremental.test.ts';
const store = 'test/pipe/store/store.test.ts';
const gc = 'test/accidents/gc.test.ts';
const locks = 'test/pipe/store/lock.test.ts';
const digests = 'test/pipe/digest/digests.test.ts';
const foreign = 'test/accidents/foreign-cache.test.ts';
const fsync = 'test/faults/fsync.test.ts';
const rules = 'test/pipe/store/rules.test.ts';
const users = 'test/accidents/user-files.test.ts';
const inputs = 'test/accidents/inputs.test.ts';
const atOnce = 'test/accidents/runs-at-once.test.ts';
const masks = 'test/pipe/job/mask.test.ts';
const commands = 'test/accidents/commands.test.ts';
const typescript = 'test/pipe/trace/typescript/tracer.test.ts';

function mutant(
  rule: string,
  file: string,
  change: readonly [string, string],
  test: readonly [string, string],
): Mutant {
  return {
    rule,
    file: `src/${file}`,
    find: change[0],
    replace: change[1],
    test: { file: test[0], name: test[1] },
  };
}

export const mutants: readonly Mutant[] = [
  // Publishing
  mutant(
    'the lock is looked at before anything is published',
    'pipe/cell/publish.ts',
    ['() => lock.held()', '() => true'],
    ['test/pipe/cell/lost-lock.test.ts', 'whoever lost its lock publishes nothing'],
  ),
  mutant(
    'whoever lost its lock leaves what its successor stages',
    'pipe/cell/staging.ts',
    ['    removeTree(this.folder);\n', '    removeTree(dirname(this.folder));\n'],
    ['test/pipe/cell/lost-lock.test.ts', 'whoever lost its lock publishes nothing'],
  ),
  mutant(
    'objects are on disk before they get their names',
    'pipe/store/object-writer.ts',
    ['    await onDisk(fresh.map(({ from }) => from));', '    ;'],
    [fsync, 'after a power cut at any moment'],
  ),
  mutant(
    'a manifest is on disk before it gets its name',
    'lib/sealed.ts',
    ['    await onDisk([aside]);\n', ''],
    [fsync, 'after a power cut at any moment'],
  ),
  mutant(
    "an object's name is on disk before the manifest",
    'pipe/store/object-writer.ts',
    ['  await onDisk([...folders, layout.objects]);\n', '  void folders;\n'],
    [fsync, 'after a power cut at any moment'],
  ),
  // What a running stage reads
  mutant(
    'a stage starts when any later write of its inputs would show',
    'pipe/cell/guard.ts',
    ['while (now && !now.settled) {', 'while (false) {'],
    [rules, 'a stage waits until a later write of its inputs must show'],
  ),
  mutant(
    'upstream outs that were written are not accepted',
    'pipe/cell/guard.ts',
    ['if (note !== null) changes.push', 'if (false) changes.push'],
    [inputs, 'is made again when a stage wrote through its link'],
  ),
  mutant(
    'the way to an input is part of it',
    'pipe/cell/guard.ts',
    [
      'if (same && waysTo(input, project).every((way, index) => isSameWay(input.ways[index] ?? [], way)))',
      'if (same)',
    ],
    [inputs, 'a link on the way was pointed elsewhere and back'],
  ),
  mutant(
    'the stat of a link is part of a folder',
    'pipe/digest/digests.ts',
    ['walk.stats.update(`${name}\\0${signature(stat)}\\n`);\n      await this.#link', 'await this.#link'],
    [digests, 'a link in a folder that is turned and turned back shows in the stat'],
  ),
  mutant(
    'a cell reads its upstream from a view of the store',
    'pipe/cell/inputs.ts',
    [
      "job: { kind: 'one', path: around.viewPath(item.out) },",
      "job: { kind: 'one', path: around.outPath(item.cell, item.out.path) },",
    ],
    [atOnce, 'what is edited in the folder of outs reaches no stage'],
  ),
  mutant(
    'a stage that ended before it returned publishes nothing',
    'pipe/exec/local.ts',
    ["attempt.run.kind === 'module' && !existsSync(returnedFile(attempt.folder))", 'false'],
    ['test/accidents/half-outs.test.ts', 'half an out is not published: process.exit(0) in the middle'],
  ),
  mutant(
    'a cell that finds the gate held tries again',
    'pipe/cell/workspace.ts',
    ['if (this.#entered === entering) this.#entered = undefined;', ''],
    [atOnce, 'a run that finds the cache being cleaned'],
  ),
  // What is the user's
  mutant(
    'what was not made here is kept before a folder of outs is replaced',
    'pipe/cell/rescue.ts',
    ['    if (!same) strangers.push(path);\n', ''],
    [users, 'a file that the user added is kept when the stage runs again'],
  ),
  mutant(
    'what was edited among outs is kept',
    'pipe/cell/rescue.ts',
    [
      'return content === expected || (content !== null && existsSync(objectFile(layout, content)));',
      'return true;',
    ],
    [users, 'a file that the user edited is kept when its out is put back'],
  ),
  mutant(
    'frozen outs are kept in the store',
    'pipe/cell/keep.ts',
    ['if (frozen.inPlace && !isKept(frozen, layout)) {', 'if (false) {'],
    [users, 'outs of a frozen stage are kept in the store'],
  ),
  mutant(
    'frozen outs are put where they are placed',
    'pipe/cell/keep.ts',
    ['if (isNoted && (await isPlaced(cell, frozen, before, keeping))) return;', 'if (isNoted) return;'],
    [users, 'outs of a frozen stage are put where a place is added'],
  ),
  // Commands and secrets
  mutant(
    'a path that begins with a dash is no option',
    'pipe/job/command.ts',
    ["return inside.startsWith('-') ? `./${inside}` : inside;", 'return inside;'],
    [commands, 'a path that begins with a dash is not read as an option'],
  ),
  mutant(
    'a quote in a value ends no quotes',
    'pipe/job/command.ts',
    ["return `'${value.replaceAll(\"'\", \"'\\\\''\")}'`;", "return `'${value}'`;"],
    [commands, 'no name of a file and no value of a param becomes code'],
  ),
  mutant(
    'a variable stands in quotes',
    'pipe/job/command.ts',
    ['quotes ? `"$${name}"` : `\\${${name}}`', '`\\${${name}}`'],
    [commands, 'no name of a file and no value of a param becomes code'],
  ),
  mutant(
    'a secret that is cut in two is hidden',
    'pipe/job/mask.ts',
    ['return take(all, this.#begun(all));', 'return take(all, 0);'],
    [masks, 'a stream is masked however it is cut'],
  ),
  // Traces of code
  mutant(
    'the tsconfig.json of the project is part of a trace',
    'pipe/trace/typescript/lookups.ts',
    ['    this.#observer.file(file);\n    const config', '    const config'],
    [typescript, 'a tsconfig.json that is edited is seen'],
  ),
  mutant(
    'a trace is remembered with the folders that names were looked up in',
    'pipe/trace/probes.ts',
    ['if (this.folder(path) !== names) return false;', 'this.folder(path);'],
    [typescript, 'a new file that would be found first is seen'],
  ),
  mutant(
    'a trace in Python is remembered with what it looked at',
    'pipe/trace/python/python-tracer.ts',
    ['if (!remembered || !(await this.#probes.isCurrent(remembered.observed)))', 'if (!remembered)'],
    ['test/pipe/trace/python/python-tracer.test.ts', 'a remembered trace equals a fresh one'],
  ),
  // Records
  mutant(
    'a manifest’s fingerprint hashes to its key',
    'pipe/store/records.ts',
    ['|| keyOf(fingerprint) !== key', ''],
    [rules, 'a manifest whose fingerprint is not of its key is damaged'],
  ),
  mutant(
    'a manifest is of the key that it is asked for',
    'pipe/store/records.ts',
    ['head.key !== key || ', ''],
    [rules, 'a manifest under another key'],
  ),
  mutant(
    'an entry has the paths that its fingerprint declares',
    'pipe/store/records.ts',
    ['if (names.some((name) => outs[name]?.path !== fingerprint.outs[name])) return', 'if (false) return'],
    [store, 'another declared path than the fingerprint has'],
  ),
  mutant(
    'a checksum covers a record',
    'lib/sealed.ts',
    ["if (`${sha256Of(body)}\\n` !== text.slice(-65)) return 'damaged';", ''],
    [rules, 'a record with a flipped byte is damaged'],
  ),
  mutant(
    'a record that is a pipe does not block',
    'lib/regular-file.ts',
    [' | constants.O_NONBLOCK', ''],
    [foreign, 'a named pipe at cache/index/digests does not hang'],
  ),
  mutant(
    'a size is a whole number',
    'pipe/digest/listing.ts',
    ['Number.isSafeInteger(value)', 'Number.isFinite(value)'],
    [store, 'a size of 2^60'],
  ),
  mutant(
    '`..` in the middle of a path leaves it',
    'pipe/digest/listing.ts',
    [" && name !== '..'", " && !(name === '..' && path.startsWith('..'))"],
    [rules, 'what leaves a folder'],
  ),
  mutant(
    'nothing in a listing stands below a link',
    'pipe/digest/listing.ts',
    ['!folders.has(parentOf(entry.path)) || ', ''],
    [store, 'in a listing: a file below a link'],
  ),
  mutant(
    'a link in a listing stays inside',
    'pipe/digest/listing.ts',
    ['if (depth < 0) return false;', ''],
    [store, 'in a listing: a link that climbs out'],
  ),
  // Restoring
  mutant(
    'what is restored is hashed',
    'pipe/store/checkout.ts',
    ['if ((await hashFile(target, file.size)) !== object)', 'if (false)'],
    [rules, 'an object with other bytes of the same size is not put in place'],
  ),
  mutant(
    'an object that is a link is not followed',
    'pipe/store/contents.ts',
    [
      'const stat = entryAt(objectFile(layout, sha256));\n      if (!stat?.isFile())',
      'const stat = entryAt(objectFile(layout, sha256));\n      if (!stat)',
    ],
    [rules, 'an object that is a link is broken'],
  ),
  mutant(
    'a listing is hashed before it is read',
    'pipe/store/objects.ts',
    ['if (sha256Of(text) !== object) throw', 'if (false) throw'],
    [rules, 'a listing with other bytes'],
  ),
  // Digests
  mutant(
    'a stat younger than the tick is not remembered',
    'pipe/digest/digests.ts',
    ['if (settled) this.#index.set', 'this.#index.set'],
    [digests, 'a stat younger than the tick is not remembered'],
  ),
  mutant(
    'the stat is taken again after hashing',
    'pipe/digest/digests.ts',
    ['if (after && signature(after) === seen) {', 'if (after) {'],
    [rules, 'a file that is written while it is hashed'],
  ),
  mutant(
    'ctime is part of a stat',
    'pipe/digest/stat-index.ts',
    ['.${ctimeNs}$', '$'],
    [digests, 'an edit of the same size with its mtime put back'],
  ),
  mutant(
    'the inode is part of a stat',
    'pipe/digest/stat-index.ts',
    ['${dev}.${ino}.', '${dev}.'],
    [rules, 'the stat of a file has its inode'],
  ),
  mutant(
    'a damaged index is not used',
    'pipe/digest/stat-index.ts',
    ['|| `${sha256Of(body)}\\n` !== text.slice(-65)', ''],
    [digests, 'an index that was damaged is not used'],
  ),
  mutant(
    'whether a file may run is part of it',
    'pipe/digest/listing.ts',
    ['return executable ? sha256Of(`executable ${content}`) : content;', 'return content;'],
    [digests, 'whether a file may be executed'],
  ),
  mutant(
    'a circle of links ends',
    'pipe/digest/digests.ts',
    ['if (chain.some((above) => isBelow(above, real)))', 'if (false)'],
    [digests, 'in circles they end with an error'],
  ),
  // Key
  mutant(
    'params are in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    params,\n    axes: fingerprint.axes', '    axes: fingerprint.axes'],
    [incremental, 'a param is named with both values'],
  ),
  mutant(
    'axes are in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    axes: fingerprint.axes,\n', ''],
    [rules, 'each part of a fingerprint changes the key'],
  ),
  mutant(
    'deps are in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    deps: depsAsJson(fingerprint.deps),\n', ''],
    [rules, 'each part of a fingerprint changes the key'],
  ),
  mutant(
    'environment is in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    env: fingerprint.env,\n', ''],
    [rules, 'each part of a fingerprint changes the key'],
  ),
  mutant(
    'tools are in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    tools: fingerprint.tools,\n', ''],
    [rules, 'each part of a fingerprint changes the key'],
  ),
  mutant(
    'outs are in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    outs: fingerprint.outs,\n', ''],
    [rules, 'each part of a fingerprint changes the key'],
  ),
  // Locks
  mutant(
    'a live owner keeps its lock',
    'pipe/store/lock.ts',
    ['if (found !== null && isDead(decodeOwner(found))) {', 'if (found !== null) {'],
    [locks, 'one holder at a time'],
  ),
  mutant(
    'an id that was used again is not the owner',
    'pipe/store/lock.ts',
    ["|| (owner.start !== '' && start !== '' && start !== owner.start)", ''],
    [locks, 'a process id that was used again'],
  ),
  mutant(
    'another machine’s owner is not judged by our process ids',
    'pipe/store/lock.ts',
    ['if (owner.machine !== thisProcess().machine) return false;', ''],
    [locks, 'two runs on NFS from two hosts'],
  ),
  mutant(
    'releasing leaves a successor’s lock',
    'pipe/store/lock.ts',
    ['unlinkSync(this.#file);\n', 'rmSync(this.#place, { recursive: true });\n'],
    [locks, 'whoever lost its lock knows'],
  ),
  // gc
  mutant(
    'gc spares what is younger than a live lock',
    'pipe/store/gc-mark.ts',
    ['!(working.any && changedSince(file, working.since))', 'true'],
    [rules, 'gc spares an object that is being published'],
  ),
  mutant(
    'gc removes only what was not written again',
    'pipe/store/gc.ts',
    ['if (version === undefined || versionOf(target) === version) return true;', 'return true;'],
    [rules, 'gc puts back what was written again'],
  ),
  mutant(
    'gc keeps what other profiles reach',
    'pipe/cli/reach.ts',
    ['  for (const profile of profiles)\n', '  for (const profile of profiles.slice(1))\n'],
    [gc, 'what a declared profile reaches is kept'],
  ),
  mutant(
    'gc keeps what other checkouts name',
    'pipe/store/gc-mark.ts',
    ['if (!sameFolder(other.manifests, layout.manifests))', 'if (false)'],
    [gc, 'what another checkout reaches that shares cache/objects'],
  ),
  mutant(
    'gc leaves links alone',
    'pipe/store/real-folder.ts',
    [
      "return folderKind(path) === 'folder' ? readdirSync(path).sort() : [];",
      'try { return readdirSync(path).sort(); } catch { return []; }',
    ],
    [gc, 'a link at cache/staging is not followed'],
  ),
  mutant(
    'gc takes a cell’s lock before it touches its staging',
    'pipe/store/gc.ts',
    ['if (held) this.#trash.take(path);', 'this.#trash.take(path);'],
    [gc, 'beside a run at work'],
  ),
  mutant(
    'gc keeps a user’s file',
    'pipe/store/gc.ts',
    ['if (await isAsMade(this.#layout, folder)) this', 'if (true) this'],
    [gc, 'what a user added to the outs'],
  ),
  mutant(
    'pinned runs stay',
    'pipe/store/gc-mark.ts',
    ['run.pinned || live', 'live'],
    [gc, 'records and logs of old runs go'],
  ),
  // A cache from elsewhere
  mutant(
    'a plan has its user’s proof',
    'lib/user-state.ts',
    ['&& timingSafeEqual(found, mac) ?', '?'],
    [foreign, 'a forged plan in the index is not believed'],
  ),
  mutant(
    'a plan belongs to one build',
    'pipe/project/remembered-plan.ts',
    ['[engineBuild(), ...given]', '[...given]'],
    [foreign, 'a patched build of the same version'],
  ),
  mutant(
    'a bundle is hashed before it runs',
    'pipe/trace/typescript/typescript-tracer.ts',
    ["typeof content !== 'string' && sha256Of(content) === sha256", "typeof content !== 'string'"],
    [foreign, 'a bundle is checked by its content'],
  ),
  mutant(
    'to look runs no unknown tool',
    'pipe/key/tool-probes.ts',
    ['if (this.#looksOnly && !', 'if (false && !'],
    [foreign, '`pipe status` runs no tools command'],
  ),
  // Plan and run
  mutant(
    'a path has no `..`',
    'pipe/config/safe-path.ts',
    ["if (segments.includes('..')) return", 'if (segments[0] === ".." ) return'],
    [rules, 'a path that leaves its folder'],
  ),
  mutant(
    'a cell comes after what it needs',
    'pipe/plan/order.ts',
    ["state.set(name, 'open');\n        stack.push", "state.set(name, 'done');\n        stack.push"],
    ['test/pipe/config/diagnostics.test.ts', 'cycle'],
  ),
  mutant(
    'running a cell means running what it needs',
    'pipe/plan/target.ts',
    ['for (const id of cell.upstream) seen.add(id);', ';'],
    ['test/pipe/plan/target.test.ts', 'running a cell means running all it needs'],
  ),
];
