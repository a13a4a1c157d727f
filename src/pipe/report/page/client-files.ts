/** What a page takes along for the browser: script and style sheet, and Vega for its figures' interaction. Built from ../client. */
import { readFile } from 'node:fs/promises';
import { deflateRawSync } from 'node:zlib';

// Beside the bundle, above it when this stands in a chunk, or in the checkout's dist when run from source.
const folders = ['./', '../', '../../../../dist/'];

export interface ClientFiles {
  readonly script: string;
  readonly style: string;
}

let read: Promise<ClientFiles> | undefined;

export function clientFiles(): Promise<ClientFiles> {
  read ??= Promise.all([builtFile('report-page.js'), builtFile('report-page.css')]).then(
    ([script, style]) => {
      if (script === null || style === null)
        throw new Error('dist/report-page.js and .css are not there: npm run build');
      return { script, style };
    },
  );
  return read;
}

/** The script of the live page. */
export async function liveScript(): Promise<string> {
  const script = await builtFile('live-page.js');
  if (script === null) throw new Error('dist/live-page.js is not there: npm run build');
  return script;
}

/** Text of the runtime script, or null where it was not built. */
export function readRuntime(): Promise<string | null> {
  return builtFile('vega-runtime.js');
}

async function builtFile(name: string): Promise<string | null> {
  for (const folder of folders) {
    const text = await readFile(new URL(folder + name, import.meta.url), 'utf8').catch(() => null);
    if (text !== null) return text;
  }
  return null;
}

/** Compressed and in letters: what DecompressionStream('deflate-raw') takes after atob. */
export function packed(text: string): string {
  return deflateRawSync(text, { level: 9 }).toString('base64');
}
