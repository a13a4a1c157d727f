/** What is kept: what a user made, what a lock protects, what gc must leave. */
import { type Mutant, mutant } from './mutant.ts';
import { tests } from './tests.ts';

export const keeping: readonly Mutant[] = [
  // What is the user's
  mutant(
    'what was not made here is kept before a folder of outs is replaced',
    'pipe/cell/rescue.ts',
    ['if (seen === null) onStranger(path);', 'if (seen === null) onOurs?.(path, stat, false);'],
    [tests.users, 'a file that the user added is kept when the stage runs again'],
  ),
  mutant(
    'what was edited among outs is kept',
    'pipe/cell/rescue.ts',
    ['return content === expected || existsSync(objectFile(layout, content));', 'return true;'],
    [tests.users, 'a file that the user edited is kept when its out is put back'],
  ),
  mutant(
    'what comes to outs after they were looked at is kept',
    'pipe/cell/replace.ts',
    ['seen.get(path) === statOf(path, stat)', 'seen.has(path)'],
    [tests.replace, 'an edit between the last look and the swap is kept, and said'],
  ),
  mutant(
    'gc keeps what comes after its look',
    'pipe/store/gc.ts',
    ['if (asMade && statsIn(aside) === before) this', 'if (asMade) this'],
    [tests.replace, 'what comes to the folder of a cell that is gone after gc has looked at it'],
  ),
  mutant(
    'frozen outs are kept in the store',
    'pipe/cell/keep.ts',
    ['if (frozen.inPlace && !isKept(frozen, layout)) {', 'if (false) {'],
    [tests.users, 'outs of a frozen stage are kept in the store'],
  ),
  mutant(
    'frozen outs are put where they are placed',
    'pipe/cell/keep.ts',
    ['if (isNoted && (await isPlaced(cell, frozen, before, keeping))) return;', 'if (isNoted) return;'],
    [tests.users, 'outs of a frozen stage are put where a place is added'],
  ),
  // Locks
  mutant(
    'a live owner keeps its lock',
    'pipe/store/lock.ts',
    ['isDead(decodeOwner(found)) && takeOver', 'takeOver'],
    [tests.locks, 'one holder at a time'],
  ),
  mutant(
    'an id that was used again is not the owner',
    'pipe/store/lock.ts',
    ["|| (owner.start !== '' && start !== '' && start !== owner.start)", ''],
    [tests.locks, 'a process id that was used again'],
  ),
  mutant(
    'another machine’s owner is not judged by our process ids',
    'pipe/store/lock.ts',
    ['if (owner.machine !== thisProcess().machine) return false;', ''],
    [tests.locks, 'two runs on NFS from two hosts'],
  ),
  mutant(
    'releasing leaves a successor’s lock',
    'pipe/store/lock.ts',
    ['unlinkSync(this.#file);\n', 'rmSync(this.#place, { recursive: true });\n'],
    [tests.locks, 'whoever lost its lock knows'],
  ),
  // gc
  mutant(
    'gc keeps what other profiles reach',
    'pipe/cli/reach.ts',
    ['  for (const profile of profiles)\n', '  for (const profile of profiles.slice(1))\n'],
    [tests.gc, 'what a declared profile reaches is kept'],
  ),
  mutant(
    'gc keeps what other checkouts name',
    'pipe/store/gc-mark.ts',
    ['if (!sameFolder(other.manifests, layout.manifests))', 'if (false)'],
    [tests.gc, 'what another checkout reaches that shares cache/objects'],
  ),
  mutant(
    'gc leaves links alone',
    'pipe/store/real-folder.ts',
    [
      "return folderKind(path) === 'folder' ? readdirSync(path).sort() : [];",
      'try { return readdirSync(path).sort(); } catch { return []; }',
    ],
    [tests.gc, 'a link at cache/staging is not followed'],
  ),
  mutant(
    'gc takes a cell’s lock before it touches its staging',
    'pipe/store/gc.ts',
    ['if (held) this.#trash.take(path);', 'this.#trash.take(path);'],
    [tests.gc, 'beside a run at work'],
  ),
  mutant(
    'gc keeps a user’s file',
    'pipe/store/gc.ts',
    ['if (asMade && statsIn(aside) === before) this', 'if (statsIn(aside) === before) this'],
    [tests.gc, 'what a user added to the outs'],
  ),
  mutant(
    'pinned runs stay',
    'pipe/store/gc-mark.ts',
    ['run.pinned || live', 'live'],
    [tests.gc, 'records and logs of old runs go'],
  ),
  mutant(
    'gc waits for a run that enters',
    'pipe/store/gc.ts',
    ['for (const locks of [...folders].sort()) gates.push(await closeGate(locks));', 'void closeGate;'],
    [tests.manyAtWork, 'gc sweeps only when the run that enters has entered'],
  ),
  mutant(
    'a run enters only while nobody cleans',
    'pipe/store/live-run.ts',
    [
      'const held = await gate(layout, run, options);',
      'await Promise.resolve(options);\n  const held = { release: () => {} };',
    ],
    [tests.atOnce, 'a run that finds the cache being cleaned'],
  ),
  // Jobs of queues
  mutant(
    'a run whose jobs wait in a queue is alive',
    'pipe/store/live-run.ts',
    ['const waiting = openJobs(layout).map(({ run }) => run);', 'const waiting: string[] = [];'],
    [tests.jobs, 'its run counts as live'],
  ),
  mutant(
    'what a job in a queue reads and stages is locked',
    'pipe/store/live-run.ts',
    ['return [...locks, ...Array.from(batches', 'return [...locks, ...Array.from([...batches].slice(1)'],
    [tests.jobs, 'its run counts as live'],
  ),
  mutant(
    'a job’s record names paths of the cache alone',
    'pipe/store/open-jobs.ts',
    ['    !isInside(cell.staging, layout.staging) ||\n', ''],
    [tests.jobs, 'records that name paths outside the cache'],
  ),
  mutant(
    'what a job leaves is looked at, field by field',
    'pipe/exec/queue/job-result.ts',
    [
      "return schema.parse(JSON.parse(content.toString('utf8')));",
      "return JSON.parse(content.toString('utf8')) as T;",
    ],
    ['test/pipe/exec/job-result.test.ts', 'what a job did not write is no result'],
  ),
  // What is the user's, at places and where outs are repaired
  mutant(
    'what lies where an out is to be placed is kept',
    'pipe/cell/in-place.ts',
    [
      "warnings.push(...(await replace(rescuing, place, fresh, ['place-out', 'place-in'])));",
      "await replace(rescuing, place, fresh, ['place-out', 'place-in']);",
    ],
    [tests.users, 'what lies at a new place is kept'],
  ),
  mutant(
    'what was added among outs that are repaired is kept',
    'pipe/cell/in-place.ts',
    [
      'forget(path);\n  }\n  return [...warnings, ...(await putAtPlaces(publication, outs, before))];',
      'forget(path);\n  }\n  return putAtPlaces(publication, outs, before);',
    ],
    [tests.users, 'a file that the user edited is kept when its out is put back'],
  ),
  mutant(
    'what was edited where an out is placed is kept',
    'pipe/cell/in-place.ts',
    ['if (warning !== null) warnings.push(warning);\n    const repair', 'void warning;\n    const repair'],
    [tests.users, 'a file that the user edited is kept when its out is put back'],
  ),
];
