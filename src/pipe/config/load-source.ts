/** `sources:` → SourceDoc: data from outside, where it may be found and what it is checked against. */

import type { DiagnosedText } from '../../lib/diagnostics/diagnostics.ts';
import { checkShape } from '../../lib/diagnostics/shape.ts';
import { entryOf, type YamlEntry, type YamlMap } from '../../lib/diagnostics/yaml-node.ts';
import { byteSize } from './byte-size.ts';
import type { SourceCandidate, SourceDoc } from './document.ts';
import { milliseconds } from './duration.ts';
import { type Loaded, named } from './section.ts';
import { type RawSource, sourceSchema } from './source-schema.ts';

/** The sources that can be used, and the names of the others, as a dep names them: `source.NAME`. */
export function loadSources(root: YamlMap, { source, report }: DiagnosedText): Loaded<SourceDoc> {
  const whole = new Map<string, SourceDoc>();
  const broken: string[] = [];
  for (const entry of named(root, 'sources', [], { source, report })) {
    const raw = checkShape(sourceSchema, entry.value, `source \`${entry.key}\``, { source, report });
    if (raw) whole.set(entry.key, loadSource({ ...entry, value: raw.node }, raw.value, { source, report }));
    else broken.push(`source.${entry.key}`);
  }
  return { whole, broken };
}

function loadSource(entry: YamlEntry, raw: RawSource, { source, report }: DiagnosedText): SourceDoc {
  const paths = entryOf(entry.value, 'paths')?.value;
  const candidates = (raw.paths ?? []).map((candidate, index): SourceCandidate => {
    const node = paths?.kind === 'list' ? paths.items[index] : undefined;
    const at = source.at(node ?? entry.keySpan);
    return typeof candidate === 'string'
      ? { path: candidate, sha256: null, at }
      : { path: candidate.path, sha256: candidate.sha256 ?? null, at };
  });
  const at = source.at(entry.keySpan);
  if (candidates.length === 0 && raw.url === undefined) {
    report('empty-source', at, `source \`${entry.key}\` has neither \`paths\` nor \`url\``);
  }
  for (const candidate of candidates) {
    if (!candidate.path.includes('\0')) continue;
    report('bad-path', candidate.at, 'the path holds a NUL character');
  }
  if (raw.url !== undefined && raw.sha256 === undefined) {
    const where = source.at(entryOf(entry.value, 'url')?.value ?? entry.keySpan);
    report(
      'missing-key',
      where,
      `source \`${entry.key}\` has a \`url\` without \`sha256\``,
      'a download is always checked',
    );
  }
  return {
    name: entry.key,
    candidates,
    url: raw.url ?? null,
    sha256: raw.sha256 ?? null,
    unpack: raw.unpack ?? 'none',
    strip: raw.strip ?? '',
    limits: {
      bytes: byteSize(raw.limits?.size ?? null),
      ms: milliseconds(raw.limits?.time ?? ''),
      unpacked: byteSize(raw.limits?.unpacked ?? null),
    },
    description: raw.description ?? '',
    at,
  };
}
