/** Why a cell ran, in a few words for a table. */

import type { Json } from '../../lib/json.ts';
import { jsonText } from '../../lib/json.ts';
import { commandChange } from './command-change.ts';
import type { Reason } from './fingerprint.ts';

export function reasonText(reason: Reason): string {
  switch (reason.kind) {
    case 'never-ran':
      return 'never ran';
    case 'forced':
      return 'forced';
    case 'always':
      return 'runs always';
    case 'param':
      return `param ${reason.name}: ${short(reason.from)} → ${short(reason.to)}`;
    case 'axis':
      return `axis ${reason.name}: ${short(reason.from)} → ${short(reason.to)}`;
    case 'code':
      return `code of ${reason.file}`;
    case 'package':
      return `package ${reason.name}: ${reason.from ?? 'absent'} → ${reason.to ?? 'absent'}`;
    case 'command':
      return `command: ${commandChange(reason.from, reason.to)}`;
    case 'dep':
      if (reason.renamed) return `${reason.name}: name ${reason.renamed.from} → ${reason.renamed.to}`;
      return `${reason.name} from ${reason.origin}`;
    case 'env':
      return `environment variable ${reason.name}`;
    case 'tool':
      return `tool ${reason.name}: ${reason.from ?? 'absent'} → ${reason.to ?? 'absent'}`;
    case 'outs':
      return `out ${reason.name} was declared otherwise`;
    case 'cpu':
      return `cpu: ${reason.from} → ${reason.to}`;
    case 'out-missing':
      return `out ${reason.name} was missing`;
    case 'out-changed':
      return `out ${reason.name} was changed`;
    case 'upstream':
      return `${reason.cell} changed`;
    case 'fingerprint-version':
      return `layout of keys ${reason.from} → ${reason.to}`;
  }
}

function short(value: Json | undefined): string {
  const text = jsonText(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
