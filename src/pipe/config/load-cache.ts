/** `cache:` of the pipeline file: where results are shared, and what of them is believed. */
import type { DiagnosedText } from '../../lib/diagnostics/diagnostics.ts';
import { checkShape } from '../../lib/diagnostics/shape.ts';
import { entryOf, type YamlMap } from '../../lib/diagnostics/yaml-node.ts';
import type { CacheDoc } from './document.ts';
import { remoteUrl } from './remote-url.ts';
import { pipelineSchema } from './schema.ts';

/** Null: the file says nothing, or nothing that can be used. */
export function loadCache(root: YamlMap, { source, report }: DiagnosedText): CacheDoc | null {
  const entry = entryOf(root, 'cache');
  if (!entry) return null;
  const read = checkShape(pipelineSchema.shape.cache, entry.value, '`cache`', { source, report });
  if (!read?.value) return null;
  const { remote, name, mode, sign, trust } = read.value;
  const node = entryOf(read.node, 'remote');
  if (remote !== undefined && node) {
    const at = source.at(node.value);
    const url = remoteUrl(remote);
    if ('problem' in url) report('bad-remote', at, `the remote ${url.problem}`, url.hint);
    else if (url.kind === 'http' && url.login !== null)
      report(
        'bad-remote',
        at,
        'the remote holds a password, which everybody who reads this file can use',
        'leave it out here, and give the address with it in the variable PIPE_REMOTE',
      );
  }
  return {
    remote: remote ?? null,
    name: name ?? null,
    mode: mode ?? 'read-write',
    sign: sign === undefined ? null : sign.slice('env.'.length),
    trust: trust ?? [],
  };
}
