/**
 * What the plans of a project reach on a remote: of every pipeline file and profile, as the project stands and as named
 * revisions have it. A key below a cell that was never run here is known from the remote's own entries.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { CellStatus } from '../cell/cell-status.ts';
import type { Workspace } from '../cell/workspace.ts';
import type { Key } from '../key/fingerprint.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import type { OpenRemote } from '../remote/open-remote.ts';
import { RemoteFault } from '../remote/remote.ts';
import type { Invocation, Parsed } from './command.ts';
import { type ProjectReach, reachOf } from './reach.ts';

/** @throws RemoteFault when the remote does not answer for sure, UserError for a revision that is none */
export async function sharedReach(
  parsed: Parsed,
  invocation: Invocation,
  open: OpenRemote,
): Promise<ProjectReach> {
  const waiting = new Set<CellId>();
  const statesOf = async (workspace: Workspace, graph: Graph) => {
    const states = new Map<CellId, CellStatus>();
    for (const id of graph.cells.keys()) {
      const status = await workspace.look(id);
      states.set(id, status);
      if (status.state === 'waiting') waiting.add(id);
      if (status.state !== 'stale') continue;
      const errand = { signal: new AbortController().signal, localMs: null };
      const entry = await open.results.entry(status.key, errand);
      if (entry !== null) workspace.assume(id, entry.outs);
    }
    return states;
  };
  const keys = new Set<Key>();
  const cells = new Set<CellId>();
  const unknown = new Set<CellId>();
  const of: string[] = [];
  const add = (reach: ProjectReach, where: string) => {
    for (const key of reach.keys) keys.add(key);
    for (const cell of reach.cells) cells.add(cell);
    for (const cell of reach.unknown) unknown.add(cell);
    of.push(...reach.of.map((one) => `${one}${where}`));
  };
  add(await reachOf(parsed, invocation, statesOf), '');
  for (const revision of parsed.texts('revision'))
    await atRevision(invocation, revision, async (there) =>
      add(await reachOf(parsed, there, statesOf), ` at ${revision}`),
    );
  // An answer that failed looks like one that says no: then a key may be reached that is not known.
  if (open.health.failures > 0) throw new RemoteFault(open.health.last);
  for (const cell of waiting) unknown.add(cell);
  return { keys, cells, unknown, of };
}

/** The project as a revision has it, in a folder of its own that goes again. */
async function atRevision(
  invocation: Invocation,
  revision: string,
  use: (there: Invocation) => Promise<void>,
): Promise<void> {
  const { project } = invocation;
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  const folder = mkdtempSync(join(tmpdir(), 'pipe-revision-'));
  const tree = join(folder, 'tree');
  try {
    try {
      if (revision.startsWith('-')) throw new Error('an option, not a revision');
      git('worktree', 'add', '--detach', tree, `${revision}^{commit}`);
    } catch {
      throw new UserError(`${revision} is no revision of this repository`, {
        code: exitCode.usage,
        hint: 'name a branch, a tag or a commit that is here',
      });
    }
    const there = join(tree, relative(git('rev-parse', '--show-toplevel'), realpathSync(project)));
    const packages = join(project, 'node_modules');
    if (existsSync(packages) && !existsSync(join(there, 'node_modules')))
      symlinkSync(packages, join(there, 'node_modules'));
    await use({ ...invocation, project: there, cwd: there });
  } finally {
    rmSync(folder, { recursive: true, force: true });
    try {
      git('worktree', 'prune');
    } catch {
      // No repository: there is nothing to prune.
    }
  }
}
