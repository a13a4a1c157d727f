/** `pipe cache`: what it holds (`ls`), whether that is sound (`verify`), what may go (`gc`), and what is shared (`push`, `pull`). */

import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { bytesText } from '../../lib/format.ts';
import { gc, gcFlags } from './cache-gc.ts';
import {
  type Command,
  type Invocation,
  jsonFlag,
  type Parsed,
  pipelineFlags,
  remoteFlags,
} from './command.ts';
import { columns } from './table.ts';

const verbs = {
  ls: list,
  verify,
  gc,
  push: async (parsed, invocation) => (await import('./cache-share.ts')).push(parsed, invocation),
  pull: async (parsed, invocation) => (await import('./cache-share.ts')).pull(parsed, invocation),
} as const satisfies Readonly<Record<string, Command['run']>>;

/** Those that take targets. */
const targeting: readonly string[] = ['push', 'pull'];

export const cache: Command = {
  name: 'cache',
  summary: 'list, verify, clean or share the cache',
  usage: 'ls|verify|gc|push|pull [TARGET…] [flags]',
  flags: {
    ...pipelineFlags,
    ...jsonFlag,
    ...remoteFlags,
    ...gcFlags,
  },
  examples: [
    ['pipe cache ls', 'results and bytes by stage'],
    ['pipe cache verify', 'reads every object; bad ones go to quarantine, exit code 5'],
    ['pipe cache gc', 'shows what no profile, recent run, pinned run or other checkout needs, and asks'],
    [
      'pipe cache pull evaluate',
      'takes from the remote what evaluate needs, and its own results, without a run',
    ],
    ['pipe cache push', 'sends what was made here and is not there'],
    [
      'pipe cache gc --shared -n --revision main',
      'what of the remote neither this checkout nor main reaches',
    ],
  ],
  async run(parsed, invocation) {
    const [verb = '', ...more] = parsed.arguments;
    if (!Object.hasOwn(verbs, verb) || (more.length > 0 && !targeting.includes(verb))) {
      const message =
        verb === ''
          ? 'pipe cache needs one of ls, verify, gc, push, pull'
          : `pipe cache has no \`${parsed.arguments.join(' ')}\``;
      throw new UserError(message, { code: exitCode.usage, hint: 'see `pipe cache --help`' });
    }
    return verbs[verb as keyof typeof verbs](parsed, invocation);
  },
};

async function list(parsed: Parsed, { project, stdout }: Invocation): Promise<number> {
  const { cacheUsage } = await import('../store/disk-usage.ts');
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

async function verify(parsed: Parsed, { project, stdout }: Invocation): Promise<number> {
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
