/**
 * The project as a git revision has it, in a folder of its own beside no checkout: written from git's objects through an
 * index of its own, so that neither the working tree, nor git's index, nor its list of worktrees is touched.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { layoutOf } from '../store/layout.ts';

export interface RevisionFolder {
  /** Absolute path of the project in it. */
  readonly project: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
  remove(): void;
}

/** Of a checkout, what git does not keep and code needs: it is lent to the revision as it is. */
const lent = ['node_modules', '.venv', 'venv'];

/** The commit that git takes a word for; null: none, or no repository. */
export function commitOf(project: string, revision: string): string | null {
  if (revision === '' || revision.startsWith('-')) return null;
  try {
    return git(project, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
  } catch {
    return null;
  }
}

/**
 * `project`: absolute, in a repository. Its store is linked in, so that what is in the cache is found; nothing writes there.
 * @throws UserError when the revision has no such project
 */
export function revisionFolder(project: string, commit: string): RevisionFolder {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pipe-revision-')));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const prefix = git(project, ['rev-parse', '--show-prefix']);
    const tree = join(folder, 'tree');
    const index = join(folder, 'index');
    mkdirSync(tree);
    git(project, ['read-tree', `${commit}:${prefix}`], { GIT_INDEX_FILE: index });
    // The working tree is named, so that attributes (line ends, LFS) are applied as in a checkout.
    git(
      project,
      ['--work-tree', tree, 'checkout-index', '--all', '--force'],
      { GIT_INDEX_FILE: index },
      tree,
    );
    for (const name of lent) {
      const here = join(project, name);
      if (existsSync(here) && !existsSync(join(tree, name)))
        symlinkSync(realpathSync(here), join(tree, name));
    }
    lendStore(project, tree);
    return { project: tree, commit, remove };
  } catch (error) {
    remove();
    const said = error instanceof Error ? (error.message.split('\n').at(-1) ?? '') : String(error);
    throw new UserError(`the project cannot be read at ${commit.slice(0, 12)}: ${said}`, {
      code: exitCode.usage,
      hint: 'name a revision that has this project in the same folder',
    });
  }
}

function lendStore(project: string, tree: string): void {
  const [here, there] = [layoutOf(project), layoutOf(tree)];
  // A cache that is part of the revision is not the cache.
  rmSync(there.root, { recursive: true, force: true });
  mkdirSync(there.root, { recursive: true });
  for (const kind of ['objects', 'manifests'] as const)
    if (existsSync(here[kind])) symlinkSync(realpathSync(here[kind]), there[kind]);
}

function git(
  project: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = project,
): string {
  return execFileSync('git', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
    env: {
      ...process.env,
      ...(cwd === project ? {} : { GIT_DIR: git(project, ['rev-parse', '--absolute-git-dir']) }),
      ...env,
    },
  }).trim();
}
