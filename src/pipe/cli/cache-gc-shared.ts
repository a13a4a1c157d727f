/** `pipe cache gc --shared`: what of the remote no plan of this project reaches and is old, shown first, then removed. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { bytesText, countText } from '../../lib/format.ts';
import { Digests } from '../digest/digests.ts';
import { openRemote } from '../remote/open-remote.ts';
import { RemoteFault } from '../remote/remote.ts';
import { type RemoteGarbage, remoteGarbage, sweepRemote } from '../remote/sweep.ts';
import { layoutOf } from '../store/layout.ts';
import { remoteOrExplain } from './cache-share.ts';
import { type Invocation, type Parsed, printJson, wholeNumber } from './command.ts';
import { confirmed } from './confirm.ts';
import { planOf, remoteChoice } from './project.ts';
import { sharedReach } from './shared-reach.ts';

export async function gcShared(parsed: Parsed, invocation: Invocation): Promise<number> {
  const { project, stdout } = invocation;
  const keepDays = wholeNumber(parsed.text('keep-days'), 'keep-days') ?? 30;
  const opened = await planOf(parsed, invocation, { checkFiles: false });
  const settings = remoteOrExplain(remoteChoice(opened, parsed, invocation));
  const layout = layoutOf(project, opened.file);
  const open = await openRemote(settings, {
    layout,
    digests: new Digests(layout.index),
    run: 'gc',
    warn: (text) => invocation.stderr.write(`! ${text}\n`),
    onMoved: () => {},
  });
  try {
    const { sweeping } = open.remote;
    if (sweeping === null)
      throw new UserError(`${settings.name} cannot be cleaned from here`, {
        code: exitCode.usage,
        hint: 'an HTTP server evicts by its own rules; what it evicted is made again',
      });
    if (settings.readOnly)
      throw new UserError(`${settings.name} is only read`, {
        code: exitCode.usage,
        hint: 'see `cache.mode`',
      });
    const reach = await sharedReach(parsed, invocation, open);
    const since = Date.now() - keepDays * 86_400_000;
    const garbage = await remoteGarbage(open.remote, sweeping, { ...reach, since });
    const facts = factsOf(garbage);
    const json = parsed.is('json');
    const asJson = (done: boolean) => {
      if (json) printJson(invocation, { remote: settings.name, done, removed: facts, kept: garbage.kept });
    };
    if (!json)
      stdout.write(
        `would remove ${countText(facts.results, 'result')} and ${countText(facts.contents, 'content')} from ${settings.name}, ${bytesText(facts.bytes)}; ` +
          `${countText(garbage.kept.entries, 'result')}, ${bytesText(garbage.kept.bytes)} stay\n` +
          `kept: what ${reach.of.join(', ')} reach, every result of ${countText(reach.unknown.size, 'cell')} whose key cannot be known now, and what is younger than ${countText(keepDays, 'day')}\n`,
      );
    const nothing = facts.results + facts.contents === 0;
    if (parsed.is('dry-run') || nothing || (!parsed.is('yes') && !(await confirmed(invocation, json)))) {
      asJson(false);
      return exitCode.ok;
    }
    await sweepRemote(sweeping, garbage);
    asJson(true);
    if (!json) stdout.write(`removed ${bytesText(facts.bytes)} from ${settings.name}\n`);
    return exitCode.ok;
  } catch (error) {
    if (!(error instanceof RemoteFault)) throw error;
    throw new UserError(`${settings.name} failed, so it is not known what may go: ${error.message}`, {
      hint: 'try again when it answers',
    });
  } finally {
    open.close();
  }
}

function factsOf({ entries, contents }: RemoteGarbage) {
  const bytes = [...entries, ...contents].reduce((sum, { size }) => sum + size, 0);
  return { results: entries.length, contents: contents.length, bytes };
}
