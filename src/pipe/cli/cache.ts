/** `pipe cache`: what it holds (`ls`), whether that is sound (`verify`), and what may go (`gc`). */

import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { bytesText } from '../../lib/format.ts';
import {
  type Command,
  jsonFlag,
  type Parsed,
  pipelineFlags,
  type Surroundings,
  wholeNumber,
} from './command.ts';
import { planOf, workspaceOf } from './project.ts';
import { columns } from './table.ts';

const verbs = { ls: list, verify, gc } as const;

export const cache: Command = {
  name: 'cache',
  summary: 'list, verify or clean the cache',
  usage: 'ls|verify|gc [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    'dry-run': { type: 'boolean', short: 'n', help: 'gc: say what would go, remove nothing' },
    'keep-runs': { type: 'string', value: 'N', help: 'gc: keep what the newest N runs used (default: 10)' },
  },
  examples: [
    ['pipe cache ls', 'results and bytes by stage'],
    ['pipe cache verify', 'reads every object; bad ones go to quarantine, exit code 5'],
    ['pipe cache gc --dry-run', 'what the pipeline and the newest ten runs no longer need'],
  ],
  async run(parsed, surroundings) {
    const [verb = '', ...more] = parsed.arguments;
    if (!Object.hasOwn(verbs, verb) || more.length > 0) {
      const message =
        verb === ''
          ? 'pipe cache needs one of ls, verify, gc'
          : `pipe cache has no \`${parsed.arguments.join(' ')}\``;
      throw new UserError(message, { code: exitCode.usage, hint: 'see `pipe cache --help`' });
    }
    return verbs[verb as keyof typeof verbs](parsed, surroundings);
  },
};

async function list(parsed: Parsed, { project, stdout }: Surroundings): Promise<number> {
  const { cacheUsage } = await import('../store/usage.ts');
  const usage = cacheUsage(project);
  if (parsed.is('json')) {
    stdout.write(`${JSON.stringify(usage, null, 2)}\n`);
    return exitCode.ok;
  }
  const rows = usage.stages.map(({ stage, entries, cells, bytes }) => [
    stage,
    `${entries} ${entries === 1 ? 'result' : 'results'} of ${cells} ${cells === 1 ? 'cell' : 'cells'}`,
    bytesText(bytes),
  ]);
  stdout.write(columns(rows));
  const unused = usage.unusedBytes > 0 ? `, ${bytesText(usage.unusedBytes)} unused (pipe cache gc)` : '';
  stdout.write(`${usage.objects} objects, ${bytesText(usage.bytes)}${unused}\n`);
  return exitCode.ok;
}

async function verify(parsed: Parsed, { project, stdout }: Surroundings): Promise<number> {
  const { verifyCache } = await import('../store/verify.ts');
  const verdict = await verifyCache(project);
  if (parsed.is('json')) stdout.write(`${JSON.stringify(verdict, null, 2)}\n`);
  else {
    for (const { path, why } of verdict.bad) stdout.write(`bad: ${path}: ${why}\n`);
    const read = `${verdict.objects} objects and ${verdict.manifests} manifests read, ${bytesText(verdict.bytes)}`;
    const end =
      verdict.bad.length === 0
        ? 'all sound'
        : `${verdict.bad.length} bad, now in cache/quarantine; \`pipe run\` makes them again`;
    stdout.write(`${read}: ${end}\n`);
  }
  return verdict.bad.length === 0 ? exitCode.ok : exitCode.cacheIntegrity;
}

async function gc(parsed: Parsed, surroundings: Surroundings): Promise<number> {
  const { project, stdout } = surroundings;
  const keepRuns = wholeNumber(parsed.text('keep-runs'), 'keep-runs') ?? 10;
  const dryRun = parsed.is('dry-run');
  const opened = await planOf(parsed, surroundings);
  const workspace = await workspaceOf(opened, surroundings);
  const status = await workspace.status();
  await workspace.close();
  const { collectGarbage } = await import('../store/gc.ts');
  const { graph } = opened;
  const { removed, kept } = collectGarbage({ project, graph, status, checkpoints: null, keepRuns, dryRun });
  if (parsed.is('json')) {
    stdout.write(`${JSON.stringify({ dryRun, removed, kept }, null, 2)}\n`);
    return exitCode.ok;
  }
  for (const cell of removed.cells)
    stdout.write(`${dryRun ? 'would remove' : 'removed'} the outs of ${cell}\n`);
  stdout.write(
    `${dryRun ? 'would remove' : 'removed'} ${removed.manifests} results and ${removed.objects} objects, ${bytesText(removed.bytes)}; ${kept.manifests} results, ${bytesText(kept.bytes)} stay\n`,
  );
  return exitCode.ok;
}
