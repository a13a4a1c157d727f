/** Takes the values of variables under `pass` out of what a stage wrote about itself: logs outlive the run. */
import { closeSync, copyFileSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import type { EnvDoc } from '../config/document.ts';

/** Shorter values stand in any text: hiding every `1` would make logs unreadable and hide nothing. */
const shortest = 4;
const pieceBytes = 1024 * 1024;
const mark = '***';

/** Longest first, so that a value that holds another is hidden whole. */
export function secretsOf(
  env: EnvDoc,
  caller: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const values = env.pass.map((name) => caller[name] ?? '').filter((value) => value.length >= shortest);
  return [...new Set(values)].sort((a, b) => b.length - a.length);
}

export function maskText(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => masked.replaceAll(secret, mark), text);
}

/** Rewrites a file in which a secret stands; any other stays untouched. Bytes that are no text survive. */
export function maskFile(path: string, secrets: readonly string[]): void {
  if (secrets.length === 0) return;
  // One byte a character keeps every byte as it is; a value is spelled the same way.
  const spelled = secrets.map((secret) => Buffer.from(secret).toString('latin1'));
  // In an event file the value stands as JSON writes it.
  const quoted = secrets.map((secret) => Buffer.from(JSON.stringify(secret).slice(1, -1)).toString('latin1'));
  const all = [...new Set([...spelled, ...quoted])].sort((a, b) => b.length - a.length);
  const overlap = Math.max(...all.map((secret) => secret.length)) - 1;
  const aside = `${path}.masked`;
  const from = openIfThere(path);
  if (from === null) return;
  const to = openSync(aside, 'w');
  let found = false;
  try {
    const buffer = Buffer.allocUnsafe(pieceBytes);
    let rest = '';
    for (;;) {
      const count = readSync(from, buffer, 0, pieceBytes, null);
      const before = rest + buffer.toString('latin1', 0, count);
      const masked = maskText(before, all);
      found ||= masked !== before;
      // The end of a piece may be the beginning of a secret: it waits for the next piece.
      const whole = count === 0 ? masked.length : Math.max(0, masked.length - overlap);
      writeSync(to, Buffer.from(masked.slice(0, whole), 'latin1'));
      rest = masked.slice(whole);
      if (count === 0) break;
    }
  } finally {
    closeSync(from);
    closeSync(to);
  }
  // Into the file itself: whoever follows the log has it open.
  if (found) copyFileSync(aside, path);
  rmSync(aside);
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
