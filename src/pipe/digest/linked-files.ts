/** Hard links: files that two folders have in common. */
import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a file at or below one path is a file at or below the other too. */
export function shareFiles(one: string, other: string): boolean {
  const files = new Set(linkedFiles(realpathSync(one)));
  return [...linkedFiles(other)].some((file) => files.has(file));
}

/** Device and inode of every file that has more than one name. */
function* linkedFiles(path: string): Generator<string> {
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat?.isDirectory()) for (const name of readdirSync(path)) yield* linkedFiles(join(path, name));
  else if (stat?.isFile() && stat.nlink > 1n) yield `${stat.dev}.${stat.ino}`;
}
