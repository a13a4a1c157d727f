/**
 * The way to a path: every folder and link that is passed. A link that is pointed elsewhere and back, or a folder that
 * is moved and put back, leaves the file itself as it was; only the way shows it.
 */
import { type BigIntStats, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

interface Step {
  readonly path: string;
  readonly identity: string;
  /** Where a link leads; null: a folder. */
  readonly target: string | null;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}
export type Way = readonly Step[];

/** As many as Linux follows before it gives up. */
const linkLimit = 40;

/** The way from `from` (a folder, not itself part of it) to `path`; what lies elsewhere is followed from the root. */
export function wayTo(path: string, from: string): Way {
  const steps: Step[] = [];
  const base = realpathSync(from);
  let [folder, names] = split(join(base, path.slice(from.length)), base);
  if (path !== from && !path.startsWith(from.endsWith(sep) ? from : from + sep))
    [folder, names] = split(path, base);
  for (let links = 0; names.length > 0; ) {
    const [name = '', ...rest] = names;
    const here = join(folder, name);
    const stat = lstatSync(here, { bigint: true, throwIfNoEntry: false });
    if (!stat) break;
    if (stat.isSymbolicLink() && links < linkLimit) {
      links++;
      const target = readlinkSync(here);
      steps.push(stepOf(here, stat, target));
      [folder, names] = split(resolve(dirname(here), target, ...rest), base);
    } else {
      // The end of the way is looked at for what it holds.
      if (stat.isDirectory() && rest.length > 0) steps.push(stepOf(here, stat, null));
      [folder, names] = [here, rest];
    }
  }
  return steps;
}

/** Whether everything on the way stayed where it was in between. */
export function isSameWay(before: Way, after: Way): boolean {
  return (
    before.length === after.length && before.every((step, index) => isSameStep(step, after[index] ?? step))
  );
}

function isSameStep(before: Step, after: Step): boolean {
  if (before.path !== after.path || before.identity !== after.identity || before.target !== after.target)
    return false;
  if (before.ctimeNs === after.ctimeNs) return true;
  if (before.target !== null) return false;
  // A file that was made or removed in the folder sets both times at once; a move of the folder itself sets ctime alone.
  return before.mtimeNs !== after.mtimeNs && after.mtimeNs === after.ctimeNs;
}

function split(path: string, base: string): [string, readonly string[]] {
  const inside = path === base || path.startsWith(base.endsWith(sep) ? base : base + sep);
  const folder = inside ? base : sep;
  return [
    folder,
    path
      .slice(folder.length)
      .split(sep)
      .filter((name) => name !== ''),
  ];
}

function stepOf(path: string, stat: BigIntStats, target: string | null): Step {
  const { dev, ino, mtimeNs, ctimeNs } = stat;
  return { path, identity: `${dev}.${ino}`, target, mtimeNs, ctimeNs };
}
