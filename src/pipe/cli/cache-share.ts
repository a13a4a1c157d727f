/** `pipe cache push` and `pull`: results of this project to and from its remote, without a run. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { bytesText, countText } from '../../lib/format.ts';
import type { Workspace } from '../cell/workspace.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import { withUpstream } from '../plan/target.ts';
import type { OpenRemote } from '../remote/open-remote.ts';
import type { RemoteSettings } from '../remote/settings.ts';
import { Slots } from '../remote/slots.ts';
import { newRunId } from '../run/run-folder.ts';
import { layoutOf } from '../store/layout.ts';
import { type Invocation, type Parsed, printJson } from './command.ts';
import { planOf, remoteChoice, targeted, withWorkspace } from './project.ts';
import { transferScreen } from './transfer-screen.ts';

interface Sharing {
  readonly graph: Graph;
  readonly cells: readonly CellId[];
  readonly workspace: Workspace;
  readonly open: OpenRemote;
  readonly signal: AbortSignal;
}

/** Results at work at once; each may move several contents. */
const resultsAtOnce = 8;

export function pull(parsed: Parsed, invocation: Invocation): Promise<number> {
  return share('pull', parsed, invocation, takeAll);
}

export function push(parsed: Parsed, invocation: Invocation): Promise<number> {
  return share('push', parsed, invocation, bringAll);
}

async function share(
  verb: 'push' | 'pull',
  parsed: Parsed,
  invocation: Invocation,
  act: (sharing: Sharing) => Promise<Readonly<Record<string, number>>>,
): Promise<number> {
  const opened = await planOf(parsed, invocation);
  const settings = remoteOrExplain(remoteChoice(opened, parsed, invocation));
  if (verb === 'push' && settings.readOnly)
    throw new UserError(`nothing was sent: ${settings.whyReadOnly ?? `${settings.name} is only read`}`, {
      code: exitCode.usage,
      hint: 'see `cache.mode`, `cache.sign` and --remote-read-only',
    });
  const { graph } = opened;
  const chosen = targeted(graph, parsed.arguments.slice(1));
  const cells =
    verb === 'pull' ? [...graph.cells.keys()].filter((id) => withUpstream(graph, chosen).has(id)) : chosen;
  const { openRemote } = await import('../remote/open-remote.ts');
  const screen = transferScreen(settings.name, invocation.stderr);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal);
  try {
    return await withWorkspace(opened, invocation, async (workspace) => {
      const run = newRunId(new Date());
      const open = await openRemote(settings, {
        layout: layoutOf(invocation.project, opened.file),
        digests: workspace.digests,
        run,
        warn: screen.warn,
        onMoved: screen.moved,
      });
      try {
        await workspace.enter(run, { signal: stop.signal });
        const counts = await act({ graph, cells, workspace, open, signal: stop.signal });
        screen.close();
        return ended(verb, open, counts, { parsed, invocation, stopped: stop.signal.aborted });
      } finally {
        open.close();
      }
    });
  } finally {
    process.off('SIGINT', onSignal);
    screen.close();
  }
}

/** @throws UserError (exit 2) when no remote is named */
export function remoteOrExplain(settings: RemoteSettings | null): RemoteSettings {
  if (settings !== null) return settings;
  throw new UserError('no remote is named', {
    code: exitCode.usage,
    hint: 'name it with --remote URL, in the variable PIPE_REMOTE, or as `cache.remote` in the pipeline file',
  });
}

/** A cell's key is known when what it reads is: it follows its upstream. */
async function takeAll({ graph, cells, workspace, open, signal }: Sharing) {
  const counts = { taken: 0, here: 0, absent: 0 };
  const slots = new Slots(resultsAtOnce);
  const under = new Map<CellId, Promise<void>>();
  const takeOne = async (id: CellId): Promise<void> => {
    const cell = graph.cells.get(id);
    if (!cell) return;
    await Promise.all(cell.upstream.map((above) => under.get(above)));
    const status = await workspace.look(id);
    if (status.state !== 'stale') {
      if ('outs' in status) counts.here++;
      else counts.absent++;
      return;
    }
    const taken = await slots.hold(() => open.results.take(cell, status.key, { signal, localMs: null }));
    if (taken === null) counts.absent++;
    else counts.taken++;
    // What reads it has a key now.
    if (taken !== null) await workspace.look(id);
  };
  for (const id of cells) under.set(id, takeOne(id));
  await Promise.all(under.values());
  return counts;
}

async function bringAll({ cells, workspace, open, signal }: Sharing) {
  const counts = { brought: 0, there: 0, failed: 0, missing: 0 };
  const states = await workspace.status();
  const slots = new Slots(resultsAtOnce);
  const bringOne = async (id: CellId): Promise<void> => {
    const status = states.get(id);
    const here = status !== undefined && 'outs' in status;
    const end = here ? await open.results.bring(status.key, signal, true) : 'missing';
    counts[end]++;
  };
  await Promise.all(cells.map((id) => slots.hold(() => bringOne(id))));
  return counts;
}

function ended(
  verb: 'push' | 'pull',
  { name, health, tally }: OpenRemote,
  counts: Readonly<Record<string, number>>,
  { parsed, invocation, stopped }: { parsed: Parsed; invocation: Invocation; stopped: boolean },
): number {
  const { bytes } = tally.of(verb === 'pull' ? 'down' : 'up');
  const { failures } = health;
  if (parsed.is('json')) printJson(invocation, { remote: name, ...counts, bytes, failures });
  else {
    const { taken = 0, here = 0, absent = 0, brought = 0, there = 0, failed = 0, missing = 0 } = counts;
    const words =
      verb === 'pull'
        ? [
            `${countText(taken, 'result')} taken from ${name}, ${bytesText(bytes)}`,
            `${here} here already`,
            `${absent} not there`,
          ]
        : [
            `${countText(brought, 'result')} sent to ${name}, ${bytesText(bytes)}`,
            `${there} there already`,
            `${missing} not made here`,
          ];
    const more = failed > 0 ? [`${failed} not sent`] : [];
    invocation.stdout.write(`${[...words, ...more].join(', ')}\n`);
  }
  if (stopped) return exitCode.interrupted;
  return failures > 0 ? exitCode.failed : exitCode.ok;
}
