/** Which of the files that a cell opened are neither declared nor its programs' own. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join, relative } from 'node:path';
import type { Access } from './accesses.ts';

export interface Allowed {
  /** Absolute path of the project folder. */
  readonly project: string;
  /** Files and folders that the cell declares or that are its code, absolute; what is in a folder counts. */
  readonly reads: readonly string[];
  /** Where it may write, and read what it wrote. */
  readonly writes: readonly string[];
  /** Folders of the engine. */
  readonly engine: readonly string[];
  /** PATH of the stage. */
  readonly path: string;
  /** Where programs put what is of no use afterwards. */
  readonly temporary: readonly string[];
}

export interface FileUse {
  /** Absolute. */
  readonly path: string;
  /** Relative to the project; null: outside. */
  readonly inside: string | null;
  /** A folder whose names were listed, in place of what was read in it. */
  readonly folder: boolean;
  /** It was started as a program. */
  readonly run: boolean;
}

export interface Undeclared {
  readonly reads: readonly FileUse[];
  readonly writes: readonly FileUse[];
}

/** Of the system, not of a person: the same for every program on the machine. */
const system = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/etc',
  '/proc',
  '/sys',
  '/dev',
];
const alsoSystem = ['/run', '/var/lib', '/var/cache', '/var/run', '/nix/store', '/gnu/store', '/snap'];
/** Installed packages, wherever they are; what Python compiled; the interpreter's version beside a project. */
const installed =
  /(?:^|\/)(?:node_modules|site-packages|dist-packages|__pycache__)(?:\/|$)|\/\.python-version$/;

export function undeclared(accesses: readonly Access[], allowed: Allowed): Undeclared {
  const project = real(allowed.project);
  const reads = withReal(allowed.reads);
  const writes = withReal(allowed.writes);
  const temporary = withReal(allowed.temporary);
  const programs = programFolders(accesses, allowed, project);
  const inside = (path: string) => below(path, allowed.project) ?? below(path, project);
  const nobodys = (path: string) =>
    [...system, ...alsoSystem, ...programs].some((folder) => isIn(path, folder) && !isIn(project, folder)) ||
    allowed.engine.some((folder) => isIn(path, folder)) ||
    installed.test(path) ||
    isEnvironment(path) ||
    (basename(path) === 'package.json' && allowed.engine.some((folder) => isIn(folder, dirname(path))));
  const use = (access: Access): FileUse => {
    // As it was asked for: what a link in the project leads to is known by the link.
    const path = inside(access.named) === null ? access.path : access.named;
    return { path, inside: inside(path), folder: false, run: access.run };
  };
  const either = (access: Access, folders: readonly string[]) =>
    folders.some((folder) => isIn(access.named, folder) || isIn(access.path, folder));
  const read = accesses.filter(
    (one) =>
      one.read &&
      !either(one, reads) &&
      !either(one, writes) &&
      !nobodys(one.path) &&
      !nobodys(one.named) &&
      isFile(one.path),
  );
  const written = accesses.filter(
    (one) =>
      ((one.written && existsSync(one.path)) || one.removed) &&
      !either(one, writes) &&
      !either(
        one,
        temporary.filter((folder) => !isIn(project, folder) || inside(one.path) === null),
      ) &&
      !nobodys(one.path),
  );
  const listed = accesses.filter((one) => one.listed).map(use);
  return { reads: asFolders(read.map(use), listed), writes: written.map(use) };
}

/** Where names were listed and several files read, a new file would count too: the folder is what is read. */
function asFolders(reads: readonly FileUse[], listed: readonly FileUse[]): readonly FileUse[] {
  const folders = listed
    .filter(({ inside }) => inside !== '')
    .filter((folder) => {
      const within = reads.filter(({ path }) => dirname(path) === folder.path);
      return within.length > 1 && !within.some(({ path, run }) => run || isCode(path));
    });
  const kept = reads.filter(({ path }) => !folders.some((folder) => isIn(path, folder.path)));
  return [...folders.map((folder) => ({ ...folder, folder: true })), ...kept];
}

/** By its name: what a person would call code rather than data. */
export function isCode(path: string): boolean {
  return /\.(?:py|pyx|r|jl|sh|bash|pl|rb|lua|m?[jt]s|c[jt]s|[jt]sx)$/i.test(path);
}

/** Folders that hold programs and what belongs to them: `X` of every `X/bin` on PATH and of every program that was started. */
function programFolders(accesses: readonly Access[], { path }: Allowed, project: string): readonly string[] {
  const started = accesses.filter(({ run }) => run).flatMap((one) => [one.named, real(one.path)]);
  const bins = [...path.split(delimiter).filter((one) => one.startsWith('/')), ...started.map(dirname)];
  return bins
    .flatMap((bin) => [bin, real(bin)])
    .flatMap((bin) => {
      if (!/^(?:bin|sbin|libexec|shims|Scripts)$/.test(basename(bin))) return [];
      const folder = dirname(bin);
      // `~/bin` makes nothing of all that is below one's home, nor `bin/` in a project of the project.
      return isIn(project, folder) || isIn(homedir(), folder) ? (isIn(bin, project) ? [] : [bin]) : [folder];
    });
}

/** In a virtual environment of Python, also one that lies in the project. */
function isEnvironment(path: string): boolean {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    let is = environments.get(folder);
    if (is === undefined) {
      is = existsSync(join(folder, 'pyvenv.cfg')) || existsSync(join(folder, 'conda-meta'));
      environments.set(folder, is);
    }
    if (is) return true;
  }
  return false;
}
const environments = new Map<string, boolean>();

function withReal(paths: readonly string[]): readonly string[] {
  return [...new Set([...paths, ...paths.map(real)])];
}

/** As it stands where it does not exist. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isIn(path: string, folder: string): boolean {
  return below(path, folder) !== null;
}

/** The path relative to the folder, '' for the folder itself; null: it is not in it. */
function below(path: string, folder: string): string | null {
  if (path === folder) return '';
  const within = folder === '/' ? folder : `${folder}/`;
  return path.startsWith(within) ? relative(folder, path) : null;
}
