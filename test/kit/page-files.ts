/** Files that a page of the documentation shows: a path in backticks and a colon on a line of its own, then the block. */
export function filesOf(page: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [, path = '', text = ''] of page.matchAll(/^`([\w./]+)`:\n\n```\w*\n([\s\S]*?)^```$/gm))
    files.set(path, text);
  return files;
}

/** Console blocks of a page: what is typed after `$ `, and what is printed: these lines in this order, perhaps with
 * others between them. `…` stands for any text. */
export function consoleOf(page: string): readonly { readonly command: string; readonly printed: RegExp }[] {
  const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((one) => {
        const [command = '', ...lines] = one.trimEnd().split('\n');
        const texts = lines.map((line) =>
          line.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*'),
        );
        return { command, printed: new RegExp(texts.join('$[\\s\\S]*?^'), 'm') };
      }),
  );
}
