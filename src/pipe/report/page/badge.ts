/** A state or a verdict as a coloured label: its word and sign say the same as its colour. */
import { type Html, html } from '../../../lib/html.ts';
import type { Badge } from '../model/state.ts';

export function badge({ tone, sign, word }: Badge, text = word): Html {
  return html`<span class="badge ${tone}"><span class="sign" aria-hidden="true">${sign}</span> ${text}</span>`;
}
