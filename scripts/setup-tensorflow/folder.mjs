// Where the libraries live, outside every checkout, and how such a folder comes to be: whole or not at all.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** @param {string} name */
export function cacheFolder(name) {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'pipe-experiments', name);
}

/**
 * A folder gets its name only when everything is in it; the file guards against a hand that emptied it since.
 * @param {string} folder
 */
export function isComplete(folder) {
  return existsSync(join(folder, 'tfjs-node-gpu/lib/napi-v8/tfjs_binding.node'));
}

/**
 * Fills a folder beside `folder`, then renames it: an interruption leaves the old one, or none.
 * @param {string} folder
 * @param {(aside: string) => void} fill
 */
export function buildAside(folder, fill) {
  mkdirSync(dirname(folder), { recursive: true });
  removeLeftovers(folder);
  const aside = `${folder}.partial-${process.pid}`;
  mkdirSync(aside);
  try {
    fill(aside);
    rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/**
 * What processes that were killed left behind is a gigabyte each.
 * @param {string} folder
 */
function removeLeftovers(folder) {
  const prefix = `${basename(folder)}.partial-`;
  for (const name of readdirSync(dirname(folder))) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length)))) continue;
    rmSync(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
