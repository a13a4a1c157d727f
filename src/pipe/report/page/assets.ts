/** The part of Vega that a page embeds for its figures' interaction; built with the package, absent when run unbuilt. */
import { readFile } from 'node:fs/promises';
import { deflateRawSync } from 'node:zlib';

// Beside the bundle, above it when this stands in a chunk, or in the checkout's dist when run from source.
const places = ['./vega-runtime.js', '../vega-runtime.js', '../../../../dist/vega-runtime.js'];

/** Text of the runtime script, or null where it was not built. */
export async function readRuntime(): Promise<string | null> {
  for (const place of places) {
    const text = await readFile(new URL(place, import.meta.url), 'utf8').catch(() => null);
    if (text !== null) return text;
  }
  return null;
}

/** Compressed and in letters: what DecompressionStream('deflate-raw') takes after atob. */
export function packed(text: string): string {
  return deflateRawSync(text, { level: 9 }).toString('base64');
}
