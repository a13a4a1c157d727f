/**
 * What this user's programs know and no cache can bring along: a secret, and what the user ran. Lies in
 * `$XDG_STATE_HOME/pipe` (`~/.local/state/pipe`), readable by the user alone.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, linkSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { readOwnFile } from './regular-file.ts';

/** Absolute; null: this user has no home. */
export function userStateFolder(): string | null {
  const { XDG_STATE_HOME: named } = process.env;
  if (named !== undefined && isAbsolute(named)) return join(named, 'pipe');
  const home = homedir();
  return isAbsolute(home) ? join(home, '.local/state/pipe') : null;
}

/** A file of that folder, this user's alone; null: not there, or others could have written it. */
export function readUserState(name: string): Buffer | null {
  const folder = userStateFolder();
  if (folder === null) return null;
  try {
    const file = join(folder, name);
    const content = readOwnFile(file, 16 * 1024 * 1024);
    if (typeof content === 'string') return null;
    const { uid, mode } = lstatSync(file);
    return uid === process.getuid?.() && (mode & 0o077) === 0 ? content : null;
  } catch {
    return null;
  }
}

/** False: it cannot be kept here. `once`: what is there already stays. */
export function writeUserState(name: string, content: string | Buffer, once = false): boolean {
  const folder = userStateFolder();
  if (folder === null) return false;
  const aside = join(folder, `.${name}-${randomBytes(6).toString('hex')}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(aside, content, { mode: 0o600, flag: 'wx' });
    chmodSync(aside, 0o600);
    if (once) linkSync(aside, join(folder, name));
    else renameSync(aside, join(folder, name));
    return true;
  } catch {
    return false;
  } finally {
    rmSync(aside, { force: true });
  }
}

const keyBytes = 32;
let secret: Buffer | null | undefined;

function userSecret(): Buffer | null {
  if (secret === undefined) {
    const read = () => {
      const content = readUserState('key');
      return content?.length === keyBytes ? content : null;
    };
    secret = read();
    if (secret === null) {
      // Of two that begin at once the first wins, and both read its key.
      writeUserState('key', randomBytes(keyBytes), true);
      secret = read();
    }
  }
  return secret;
}

/** `body` with proof that a program of this user wrote it into a file of this name; null: no secret can be kept. */
export function sealAsOwn(file: string, body: string): string | null {
  const mac = macOf(file, body);
  return mac === null ? null : `${mac.toString('hex')}\n${body}`;
}

/** The body of what `sealAsOwn` gave; null: another user's, from elsewhere, or damaged. */
export function openOwn(file: string, content: string): string | null {
  const body = content.slice(2 * keyBytes + 1);
  const mac = macOf(file, body);
  const found = Buffer.from(content.slice(0, 2 * keyBytes), 'hex');
  return mac !== null && found.length === mac.length && timingSafeEqual(found, mac) ? body : null;
}

/** `sealAsOwn` for bytes. */
export function sealBytesAsOwn(file: string, body: Uint8Array): Buffer | null {
  const mac = macOf(file, body);
  return mac && Buffer.concat([mac, body]);
}

/** The bytes of what `sealBytesAsOwn` gave; null: another user's, from elsewhere, or damaged. */
export function openOwnBytes(file: string, content: Buffer): Buffer | null {
  const body = content.subarray(keyBytes);
  const mac = macOf(file, body);
  const found = content.subarray(0, keyBytes);
  return mac !== null && found.length === mac.length && timingSafeEqual(found, mac) ? body : null;
}

/** The file's name and its folder's are part of it: what was written as one thing is not believed as another. */
function macOf(file: string, body: string | Uint8Array): Buffer | null {
  const key = userSecret();
  if (key === null) return null;
  const name = `${basename(dirname(file))}/${basename(file)}`;
  return createHmac('sha256', key).update(`${name}\n`).update(body).digest();
}
