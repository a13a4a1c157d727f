/**
 * The frame of every page: one HTML file whose policy allows one style sheet and the scripts that it names by digest, and no
 * request but those that are named.
 */
import { createHash } from 'node:crypto';
import { type Html, html, raw } from '../../../lib/html.ts';
import { version } from '../../version.ts';

export interface PageShell {
  readonly title: string;
  readonly style: string;
  readonly body: Html;
  /** Data for the script, as elements. */
  readonly data?: Html;
  readonly script: string;
  /** Text of scripts that the page's script may start besides. */
  readonly more?: readonly string[];
  /** Where the page may ask for more; left out: nowhere. */
  readonly connect?: string;
}

export function shellPage({ title, style, body, data, script, more = [], connect }: PageShell): string {
  const scripts = [script, ...more].map((text) => ` '${digest(text)}'`).join('');
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${digest(style)}'; script-src${scripts};${connect === undefined ? null : ` connect-src ${connect};`} base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="pipe ${version}">
<title>${title}</title>
<style>${raw(style)}</style></head>
<body>
${body}
${data}<script>${raw(script)}</script>
</body></html>
`.text;
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
