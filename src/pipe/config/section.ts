/** A section of pipeline.yaml that is a map of names: its entries, and what was made of them. */

import type { DiagnosedText } from '../../lib/diagnostics/diagnostics.ts';
import { kindOf } from '../../lib/diagnostics/shape.ts';
import { entryOf, type YamlEntry, type YamlMap } from '../../lib/diagnostics/yaml-node.ts';

/** Entries of a section: those that can be used, and the names of the others. */
export interface Loaded<T> {
  readonly whole: ReadonlyMap<string, T>;
  readonly broken: readonly string[];
}

/** Entries of a section that is a map of names; others are reported and left out. */
export function named(
  root: YamlMap,
  section: 'stages' | 'sources' | 'resources' | 'axes' | 'profiles' | 'executors',
  reserved: readonly string[],
  { source, report }: DiagnosedText,
): readonly YamlEntry[] {
  const entry = entryOf(root, section);
  if (!entry) return [];
  if (entry.value.kind !== 'map') {
    const empty = entry.value.kind === 'scalar' && entry.value.value === null;
    const at = source.at(empty ? entry.keySpan : entry.value);
    report('wrong-type', at, `\`${section}\`: expected a map, found ${kindOf(entry.value)}`);
    return [];
  }
  return entry.value.entries.filter((one) => {
    const good = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(one.key);
    const at = source.at(one.keySpan);
    if (!good) {
      const message = `\`${one.key.slice(0, 80)}\` is no name: a letter, then letters, digits, \`-\` and \`_\`, at most 64`;
      report('bad-name', at, message);
    } else if (reserved.includes(one.key))
      report('bad-name', at, `\`${one.key}\` has a meaning of its own here`, 'choose another name');
    else return true;
    return false;
  });
}

/** The names in a section as they stand, good or not. */
export function namesOf(root: YamlMap, section: 'profiles' | 'executors' | 'stages'): readonly string[] {
  const node = entryOf(root, section)?.value;
  return node?.kind === 'map' ? node.entries.map(({ key }) => key) : [];
}
