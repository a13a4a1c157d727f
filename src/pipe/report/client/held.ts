/** What the page holds compressed: each figure's specification, numbers and compiled form, and Vega's runtime. */
import type { PageFigure } from '../figure/page-figure.ts';

export const canUnpack = typeof DecompressionStream === 'function';

export async function unpack(id: string): Promise<string> {
  const text = document.getElementById(id)?.textContent ?? '';
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(stream).text();
}

let unpacked: Promise<Readonly<Record<string, PageFigure>>> | undefined;

export async function heldFigure(name: string): Promise<PageFigure> {
  unpacked ??= unpack('figure-data').then((text) => JSON.parse(text));
  const data = (await unpacked)[name];
  if (!data) throw new Error(`the page holds no figure ${name}`);
  return data;
}
