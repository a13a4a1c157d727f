/** A reason as a full sentence for a terminal, with the old and the new value. */

import type { Json } from '../../lib/json.ts';
import { commandChange } from './command-change.ts';
import type { Reason } from './fingerprint.ts';

export function reasonLine(reason: Reason): string {
  switch (reason.kind) {
    case 'never-ran':
      return 'it never ran here';
    case 'forced':
      return '--force asks for it';
    case 'always':
      return 'the stage says always: true';
    case 'param':
      return `param ${reason.name} changed: ${value(reason.from)} → ${value(reason.to)}`;
    case 'axis':
      return `axis value ${reason.name} changed: ${value(reason.from)} → ${value(reason.to)}`;
    case 'code':
      return `${reason.file} changed${partsText(reason.parts)}${reason.via.length > 1 ? `, via ${reason.via.join(' → ')}` : ''}`;
    case 'package':
      return `package ${reason.name} changed: ${reason.from ?? 'absent'} → ${reason.to ?? 'absent'}`;
    case 'command':
      return `command changed: ${commandChange(reason.from, reason.to)}`;
    case 'dep':
      if (reason.renamed)
        return `dep ${reason.name} has another name: ${reason.renamed.from} → ${reason.renamed.to}, with the same content`;
      return `dep ${reason.name} changed: ${digest(reason.from)} → ${digest(reason.to)} (${reason.origin}${
        reason.cause && reason.cause !== reason.origin ? `, because of ${reason.cause}` : ''
      })`;
    case 'env':
      return `environment variable ${reason.name} changed: ${value(reason.from)} → ${value(reason.to)}`;
    case 'tool':
      return `tool ${reason.name} changed: ${reason.from ?? 'absent'} → ${reason.to ?? 'absent'}`;
    case 'outs':
      return `declaration of out ${reason.name} changed: ${reason.from ?? 'absent'} → ${reason.to ?? 'absent'}`;
    case 'cpu':
      return `resources.cpu, which the stage is given, changed: ${reason.from} → ${reason.to}`;
    case 'out-missing':
      return `out ${reason.name} is missing`;
    case 'out-changed':
      return `out ${reason.name} was changed since it was made`;
    case 'upstream':
      return `${reason.cell} must run first; whether this one follows depends on what it makes`;
    case 'fingerprint-version':
      return `the layout of fingerprints changed: ${reason.from} → ${reason.to}`;
  }
}

/** A few: with more it is the file that changed. */
function partsText(parts: readonly string[] = []): string {
  return parts.length === 0 || parts.length > 3 ? '' : ` (${parts.join(', ')})`;
}

function value(json: Json | undefined): string {
  if (json === undefined) return 'absent';
  const text = JSON.stringify(json);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

function digest(sha256: string | undefined): string {
  return sha256 === undefined ? 'absent' : sha256.slice(0, 12);
}
