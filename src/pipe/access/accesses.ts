/** A record of strace → what the program did with each file, in the order in which it came to them. */
import { posix } from 'node:path';

/** One file, by its path as it was resolved (links followed); `named`: absolute, as the program asked for it. */
export interface Access {
  readonly path: string;
  readonly named: string;
  /** Its content was read, or it was run, before the program itself had written it. */
  read: boolean;
  /** It was written, made, or put there by a rename. */
  written: boolean;
  /** The program removed it, or moved it away, and had not made it. */
  removed: boolean;
  /** It was opened as a folder, which is how its names are listed. */
  listed: boolean;
  /** It was started as a program. */
  run: boolean;
}

/** Line by line: a record may be large. */
export class AccessRecord {
  readonly #found = new Map<string, Access>();
  /** Where relative paths of a process start; of one that has not said so, where the program was started. */
  readonly #folders = new Map<string, string>();
  /** The first half of a call that another thread came between. */
  readonly #halves = new Map<string, string>();
  readonly #start: string;

  /** `start`: absolute path of the folder where the program was started. */
  constructor(start: string) {
    this.#start = start;
  }

  get accesses(): readonly Access[] {
    return [...this.#found.values()];
  }

  line(text: string): void {
    const [, pid = '', rest = ''] = /^(?:\[pid +)?(\d+)\]? +(.*)$/.exec(text) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      this.#halves.set(pid, rest.slice(0, -'<unfinished ...>'.length));
      return;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const whole = resumed ? `${this.#halves.get(pid) ?? ''}${resumed[1]}` : rest;
    if (resumed) this.#halves.delete(pid);
    const [, name = '', given = '', result = ''] = /^(\w+)\((.*)\) += (.*)$/.exec(whole) ?? [];
    if (name !== '' && !result.startsWith('-') && !result.startsWith('?'))
      this.#call(pid, name, given, result);
  }

  #call(pid: string, name: string, given: string, result: string): void {
    const paths = this.#paths(pid, given);
    const [first, second] = paths;
    const real = openedPath(result);
    switch (name) {
      case 'open':
      case 'openat':
      case 'openat2':
        if (first !== undefined) this.#opened(first, real ?? first, given);
        return;
      case 'creat':
        if (first !== undefined) this.#wrote(first, real ?? first);
        return;
      case 'execve':
      case 'execveat':
        if (first !== undefined) this.#ran(first);
        return;
      case 'chdir':
        if (first !== undefined) this.#folders.set(pid, first);
        return;
      case 'fchdir': {
        const folder = openedPath(given);
        if (folder !== null) this.#folders.set(pid, folder);
        return;
      }
      case 'mkdir':
      case 'mkdirat':
      case 'truncate':
        if (first !== undefined) this.#wrote(first);
        return;
      case 'unlink':
      case 'unlinkat':
      case 'rmdir':
        if (first !== undefined) this.#remove(first);
        return;
      case 'symlink':
      case 'symlinkat':
        // The first is the link's text.
        if (second !== undefined) this.#wrote(second);
        return;
      default:
        // rename and link: from the first to the second.
        if (first !== undefined && name.startsWith('rename')) this.#remove(first);
        if (second !== undefined) this.#wrote(second);
    }
  }

  /** Absolute paths that a call names, in order. */
  #paths(pid: string, given: string): readonly string[] {
    const found: string[] = [];
    let base: string | null = null;
    for (const [, descriptor, folder, name] of given.matchAll(
      /(AT_FDCWD|\b\d+)(?:<([^>]*)>)?(?=,)|"([^"]*)"/g,
    )) {
      if (name === undefined) {
        base = folder === undefined ? null : text(folder);
        if (descriptor === 'AT_FDCWD' && base !== null) this.#folders.set(pid, base);
      } else {
        found.push(posix.resolve(base ?? this.#folders.get(pid) ?? this.#start, text(name)));
        base = null;
      }
    }
    return found;
  }

  #opened(named: string, path: string, flags: string): void {
    if (/\bO_PATH\b/.test(flags)) return;
    if (/\bO_DIRECTORY\b/.test(flags)) this.#of(named, path).listed = true;
    else if (/\bO_(?:WRONLY|TMPFILE)\b/.test(flags)) this.#wrote(named, path);
    else if (/\bO_RDWR\b/.test(flags)) {
      // What it makes when it is not there is no input.
      if (!/\bO_CREAT\b/.test(flags)) this.#read(named, path);
      this.#wrote(named, path);
    } else this.#read(named, path);
  }

  #read(named: string, path: string): void {
    const access = this.#of(named, path);
    if (!access.written) access.read = true;
  }

  #ran(path: string): void {
    this.#read(path, path);
    this.#of(path, path).run = true;
  }

  #wrote(named: string, path = named): void {
    this.#of(named, path).written = true;
  }

  #remove(path: string): void {
    const access = this.#of(path, path);
    if (!access.written) access.removed = true;
  }

  #of(named: string, path: string): Access {
    let access = this.#found.get(path);
    if (!access) {
      access = { path, named, read: false, written: false, removed: false, listed: false, run: false };
      this.#found.set(path, access);
    }
    return access;
  }
}

/** `3<\x2f…>` → the path behind the descriptor. */
function openedPath(result: string): string | null {
  const [, path] = /^\d+<(\\x2f[^>]*)>/.exec(result) ?? [];
  return path === undefined ? null : text(path);
}

/** `\x2f\x74` → `/t`. */
function text(hexadecimal: string): string {
  return Buffer.from(hexadecimal.replaceAll('\\x', ''), 'hex').toString('utf8');
}
