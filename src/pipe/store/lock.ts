/**
 * One writer a cell, over processes and machines. A lock is a folder that holds one file, named after its owner: it is
 * made by renaming a prepared folder, and taken over by renaming the file, which only one can do. Works on NFS.
 */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { hasCode } from '../../lib/errno.ts';
import { readOwnFile } from '../../lib/regular-file.ts';
import { type Beating, keepBeating, stopBeating } from './heart.ts';

export interface LockOwner {
  readonly host: string;
  /** This boot of this machine (or container): only within it does a process id say anything. */
  readonly machine: string;
  readonly pid: number;
  /** Clock ticks since boot at which the process started: ids are used again. Empty: not known. */
  readonly start: string;
  readonly run: string;
}

export interface Lock {
  /** False when another took the lock over: what was made under it must not be published. */
  held(): boolean;
  release(): void;
}

/** An owner on another machine is taken for dead when its file did not change for this long, by our own clock. */
const silenceMs = 30_000;
const forgottenMs = 3 * 86_400_000;
const pollMs = 50;

/** How long a waiter watches a silent owner; tests shorten it. */
export interface LockPatience {
  readonly silenceMs: number;
}

/** The lock of `name` in `folder`, or null when somebody else alive holds it. */
export function tryLock(folder: string, name: string, run: string): Lock | null {
  const place = join(folder, name);
  const owner = encodeOwner({ ...thisProcess(), run });
  const prepared = join(folder, `.new-${randomBytes(6).toString('hex')}`);
  mkdirSync(prepared, { recursive: true });
  closeSync(openSync(join(prepared, owner), 'w'));
  try {
    renameSync(prepared, place);
    return new HeldLock(place, owner);
  } catch (error) {
    rmSync(prepared, { recursive: true, force: true });
    // ENOTDIR: what stands there is no lock. It is moved aside, and the next try finds the place free.
    if (hasCode(error, 'ENOTDIR')) moveAside(place);
    else if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'EPERM')) throw error;
  }
  const found = ownerFile(place);
  const taken = found !== null && isDead(decodeOwner(found)) && takeOver(place, found, owner);
  return taken ? new HeldLock(place, owner) : null;
}

/**
 * Waits for the lock. `onWait` is called once, with who holds it.
 * @throws the signal's reason when it is aborted
 */
export async function lock(
  folder: string,
  name: string,
  run: string,
  options: {
    readonly onWait?: ((holder: string) => void) | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly patience?: LockPatience;
  } = {},
): Promise<Lock> {
  const { onWait, signal } = options;
  const silence = options.patience?.silenceMs ?? silenceMs;
  let reported = false;
  let watched: { owner: string; beat: string; since: number } | undefined;
  for (;;) {
    const got = tryLock(folder, name, run);
    if (got) return got;
    const place = join(folder, name);
    const owner = ownerFile(place);
    if (owner !== null) {
      if (!reported) onWait?.(describeOwner(decodeOwner(owner)));
      reported = true;
      const beat = readBeat(join(place, owner));
      const now = performance.now();
      if (watched?.owner !== owner || watched.beat !== beat) watched = { owner, beat, since: now };
      else if (now - watched.since > silence) {
        const mine = encodeOwner({ ...thisProcess(), run });
        if (takeOver(place, owner, mine)) return new HeldLock(place, mine);
      }
    }
    await setTimeout(pollMs, undefined, signal ? { signal } : {});
  }
}

/** Who holds which lock now, alive or not. */
export function lockHolders(folder: string): readonly { name: string; owner: LockOwner; dead: boolean }[] {
  const holders = [];
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const file = name.startsWith('.') ? null : ownerFile(join(folder, name));
    if (file === null) continue;
    const owner = decodeOwner(file);
    holders.push({ name, owner, dead: isDead(owner) || isForgotten(join(folder, name, file)) });
  }
  return holders;
}

export function describeOwner(owner: LockOwner): string {
  return `run ${owner.run} (process ${owner.pid} on ${owner.host})`;
}

class HeldLock implements Lock, Beating {
  readonly #file: string;
  readonly #place: string;
  #beats = 0;
  #released = false;

  constructor(place: string, owner: string) {
    this.#place = place;
    this.#file = join(place, owner);
    keepBeating(this);
  }

  held(): boolean {
    return !this.#released && existsSync(this.#file);
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    stopBeating(this);
    try {
      // When it was taken over, our file is gone, and the folder is somebody else's.
      unlinkSync(this.#file);
      rmdirSync(this.#place);
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
    }
  }

  /** False: it was taken over. The file is the new owner's now, whose silence must be seen. */
  beat(): boolean {
    this.#beats++;
    try {
      // By its name each time: a run may hold more locks than a process may have open files.
      const file = openSync(this.#file, 'r+');
      try {
        writeSync(file, String(this.#beats).padStart(12), 0);
      } finally {
        closeSync(file);
      }
      return true;
    } catch (error) {
      // A full disk or a lost server: others will see the silence.
      return !hasCode(error, 'ENOENT');
    }
  }
}

/** Renames the owner's file to ours: of several who try, one succeeds. */
function takeOver(place: string, from: string, to: string): boolean {
  try {
    renameSync(join(place, from), join(place, to));
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function moveAside(place: string): void {
  try {
    renameSync(place, join(dirname(place), `.stray-${basename(place)}-${randomBytes(6).toString('hex')}`));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

function ownerFile(place: string): string | null {
  try {
    return readdirSync(place)[0] ?? null;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
}

function readBeat(file: string): string {
  try {
    return String(readOwnFile(file, 4096));
  } catch {
    return '';
  }
}

/** Only of a process of this machine can it be known at once. */
function isDead(owner: LockOwner): boolean {
  if (owner.machine !== thisProcess().machine) return false;
  const start = processStart(owner.pid);
  return start === null || (owner.start !== '' && start !== '' && start !== owner.start);
}

/** On whatever machine: a living owner writes every two seconds, and no two clocks are days apart. */
function isForgotten(file: string): boolean {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > forgottenMs;
}

let cached: Omit<LockOwner, 'run'> | undefined;
function thisProcess(): Omit<LockOwner, 'run'> {
  cached ??= {
    host: hostname(),
    machine: machineIdentity(),
    pid: process.pid,
    start: processStart(process.pid) ?? '',
  };
  return cached;
}

function machineIdentity(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot.slice(0, 13)}-${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}`;
  } catch {
    return hostname();
  }
}

/** Clock ticks since boot, '' where the system does not say, null when there is no such process (or only its corpse). */
function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? '');
  } catch {
    if (existsSync('/proc/self/stat')) return null;
  }
  try {
    process.kill(pid, 0);
    return '';
  } catch (error) {
    return hasCode(error, 'ESRCH') ? null : '';
  }
}

/** As one file name: fields are percent-encoded, `+` between them. */
function encodeOwner({ host, machine, pid, start, run }: LockOwner): string {
  const nonce = randomBytes(4).toString('hex');
  return [host.slice(0, 60), machine, String(pid), start, run.slice(0, 60), nonce]
    .map(encodeURIComponent)
    .join('+');
}

function decodeOwner(name: string): LockOwner {
  const [host = '?', machine = '', pid = '0', start = '', run = '?'] = name.split('+').map((field) => {
    try {
      return decodeURIComponent(field);
    } catch {
      return field;
    }
  });
  return { host, machine, pid: Number(pid), start, run };
}
