/** `pipe cache gc`: shows what nothing reaches any more and how long that took to find, asks, and removes it. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { bytesText, countText, durationText } from '../../lib/format.ts';
import type { Swept } from '../store/gc.ts';
import type { Marked } from '../store/gc-mark.ts';
import type { GcOptions } from '../store/gc-reach.ts';
import { type Flags, type Invocation, type Parsed, wholeNumber } from './command.ts';
import { confirmed } from './confirm.ts';
import { type ProjectReach, reachOf } from './reach.ts';

export const gcFlags = {
  'dry-run': { type: 'boolean', short: 'n', help: 'gc: say what would go, remove nothing' },
  yes: { type: 'boolean', short: 'y', help: 'gc: remove without asking' },
  'keep-days': {
    type: 'string',
    value: 'N',
    help: 'gc: keep what the runs of the last N days used, and their records (default: 30)',
  },
  'keep-runs': {
    type: 'string',
    value: 'N',
    help: 'gc: keep what the newest N runs used, however old (default: 10)',
  },
  'forget-missing': {
    type: 'boolean',
    help: 'gc: other checkouts that share this store and are not there now are gone for good',
  },
  shared: { type: 'boolean', help: 'gc: clean the remote instead of the store here' },
  revision: {
    type: 'string',
    multiple: true,
    value: 'REV',
    help: 'gc --shared: also keep what the plans of this git revision reach; repeatable',
  },
} as const satisfies Flags;

export async function gc(parsed: Parsed, invocation: Invocation): Promise<number> {
  if (parsed.is('shared')) return (await import('./cache-gc-shared.ts')).gcShared(parsed, invocation);
  const { project, stdout } = invocation;
  const started = performance.now();
  const keepRuns = wholeNumber(parsed.text('keep-runs'), 'keep-runs') ?? 10;
  const keepDays = wholeNumber(parsed.text('keep-days'), 'keep-days') ?? 30;
  const [{ mark }, { expected, sweep }, { forgetLost, sharersOf }] = await Promise.all([
    import('../store/gc-mark.ts'),
    import('../store/gc.ts'),
    import('../store/sharers.ts'),
  ]);
  if (parsed.is('forget-missing') && !parsed.is('dry-run')) forgetLost(project);
  const lost = parsed.is('forget-missing') ? [] : sharersOf(project).lost;
  const reach = await reachOf(parsed, invocation);
  // Every checkpoint stays: which ones a run would go on from is known only when its upstream is.
  const options: GcOptions = { project, reach, checkpoints: null, keepDays, keepRuns, now: Date.now() };
  const marked = mark(options);
  const lookedMs = performance.now() - started;
  const would = expected(marked);
  const json = parsed.is('json');
  if (!json) stdout.write(planText(marked, would, reach, { lost, lookedMs, keepDays, keepRuns }));
  const facts = { lookedMs: Math.round(lookedMs), kept: marked.kept, lost, links: marked.links };
  const asJson = (done: boolean, removed: object) => {
    if (json) stdout.write(`${JSON.stringify({ done, removed, ...facts }, null, 2)}\n`);
  };
  if (parsed.is('dry-run') || isNothing(marked)) {
    asJson(false, would);
    return exitCode.ok;
  }
  if (lost.length > 0) {
    asJson(false, would);
    throw new UserError(
      `nothing was removed: ${lost.join(', ')} ${lost.length === 1 ? 'uses' : 'use'} this store too and cannot be seen now`,
      { hint: 'mount it, or add --forget-missing if it is gone for good' },
    );
  }
  if (!parsed.is('yes') && !(await confirmed(invocation, json))) {
    asJson(false, would);
    return exitCode.ok;
  }
  const swept = await sweep(marked, options);
  asJson(true, swept);
  if (!json) stdout.write(sweptText(swept));
  return exitCode.ok;
}

function isNothing({ garbage }: Marked): boolean {
  return Object.values(garbage).every((list) => list.length === 0);
}

function planText(
  { garbage, kept, links }: Marked,
  would: Omit<Swept, 'setAside'>,
  reach: ProjectReach,
  more: {
    readonly lost: readonly string[];
    readonly lookedMs: number;
    readonly keepDays: number;
    readonly keepRuns: number;
  },
): string {
  const lines = would.cells.map((cell) => `would remove the outs of ${cell}`);
  if (garbage.runs.length > 0)
    lines.push(`would remove the records and logs of ${countText(garbage.runs.length, 'run')}`);
  if (garbage.leftovers.length > 0)
    lines.push(`would remove ${countText(garbage.leftovers.length, 'leftover')} of ended runs`);
  lines.push(
    `would remove ${countText(would.manifests, 'result')} and ${countText(would.objects, 'object')}, ${bytesText(would.bytes)}; ` +
      `${countText(kept.manifests, 'result')}, ${bytesText(kept.bytes)} stay`,
    `kept: what ${reach.of.join(', ')} reach, and the runs of ${more.keepDays} days, the newest ${more.keepRuns}, pinned ones and those at work`,
    ...(reach.unknown.size === 0
      ? []
      : [
          `kept: every result of ${countText(reach.unknown.size, 'cell')} whose key cannot be known now (see pipe status)`,
        ]),
    ...links.map((path) => `not swept: ${path} is a link, and what it leads to belongs elsewhere`),
    ...more.lost.map((path) => `not seen: ${path}, which uses this store too`),
    `found in ${durationText(more.lookedMs)}`,
  );
  return `${lines.join('\n')}\n`;
}

function sweptText(swept: Swept): string {
  const lines = [
    ...swept.setAside.map((path) => `kept aside, because it is not what its stage made: ${path}`),
    `removed ${countText(swept.manifests, 'result')} and ${countText(swept.objects, 'object')}, ${bytesText(swept.bytes)}`,
  ];
  return `${lines.join('\n')}\n`;
}
