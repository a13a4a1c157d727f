/** Folders of the cache that may be swept: real ones. What a link leads to belongs to somebody else. */
import { lstatSync, readdirSync } from 'node:fs';

/** `link`: something stands there that is no folder of ours; what is behind it is left alone. */
export function folderKind(path: string): 'folder' | 'missing' | 'link' {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return 'missing';
  return stat.isDirectory() ? 'folder' : 'link';
}

/** Names in a folder, sorted; none when it is missing, a link, or no folder. */
export function namesInside(path: string): readonly string[] {
  return folderKind(path) === 'folder' ? readdirSync(path).sort() : [];
}
