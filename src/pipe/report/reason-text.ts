/** Why a cell ran, in a few words for a table. */
import type { Reason } from '../fingerprint/fingerprint.ts';
import type { Json } from '../json.ts';
import { jsonText } from './input.ts';

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
      return 'its command changed';
    case 'dep':
      return `${reason.name} from ${reason.origin}`;
    case 'env':
      return `environment variable ${reason.name}`;
    case 'tool':
      return `tool ${reason.name}: ${reason.from ?? 'absent'} → ${reason.to ?? 'absent'}`;
    case 'outs':
      return `out ${reason.name} was declared otherwise`;
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
