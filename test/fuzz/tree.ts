/** Files and folders of a history's project: written, listed, and seen as text. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** A text, `->TARGET` for a link, or null for nothing. */
export function put(dir: string, path: string, content: string | null): void {
  const file = join(dir, path);
  rmSync(file, { recursive: true, force: true });
  if (content === null) return;
  mkdirSync(dirname(file), { recursive: true });
  if (content.startsWith('->')) symlinkSync(content.slice(2), file);
  else writeFileSync(file, content);
}

/** In place, so that what links to it sees it. */
export function writeTo(dir: string, path: string, text: string): void {
  const file = join(dir, path);
  if (existsSync(file)) writeFileSync(file, text);
  else if (existsSync(dirname(file)) && !lstatSync(file, { throwIfNoEntry: false }))
    writeFileSync(file, text);
}

/** Real folders below a folder, itself among them. */
export function folders(dir: string, path: string): readonly string[] {
  const inner = readdirSync(join(dir, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => folders(dir, `${path}/${entry.name}`));
  return [path, ...inner];
}

/** Regular files below a folder. */
export function files(dir: string, path: string): readonly string[] {
  if (!existsSync(join(dir, path))) return [];
  return folders(dir, path).flatMap((folder) =>
    readdirSync(join(dir, folder), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${folder}/${entry.name}`),
  );
}

/** What stands at a path, as text; links by their target only where they stay inside. */
export function snapshot(path: string): unknown {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return null;
  if (stat.isSymbolicLink() && !existsSync(path)) return `broken link ${readlinkSync(path)}`;
  if (!statSync(path).isDirectory())
    return `${(statSync(path).mode & 0o100) !== 0} ${readFileSync(path, 'utf8')}`;
  return Object.fromEntries(
    readdirSync(path)
      .sort()
      .map((name) => [name, snapshot(join(path, name))]),
  );
}

/** By content: where it is a link into the cache, what that leads to. */
export function copyOut(from: string, to: string): void {
  const copy = (tree: unknown, at: string): void => {
    if (tree === null) return;
    if (typeof tree === 'string') {
      const [, executable, text = ''] = /^(true|false) (.*)$/s.exec(tree) ?? [];
      mkdirSync(dirname(at), { recursive: true });
      writeFileSync(at, text, { mode: executable === 'true' ? 0o755 : 0o644 });
      return;
    }
    mkdirSync(at, { recursive: true });
    for (const [name, inner] of Object.entries(tree as object)) copy(inner, join(at, name));
  };
  rmSync(to, { recursive: true, force: true });
  copy(snapshot(from), to);
}
