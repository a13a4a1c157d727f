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
        return { command, printed: new RegExp(`^${texts.join('$[\\s\\S]*?^')}`, 'm') };
      }),
  );
}

/** A file that a page tells to write, or a command that it tells to type. */
export type PageStep =
  | { readonly path: string; readonly text: string }
  | { readonly command: string; readonly printed: RegExp };

/** Every block of a page, in its order. @throws Error for a block that is neither a file nor a console */
export function stepsOf(page: string): readonly PageStep[] {
  const blocks = page.matchAll(/(?:^`([\w./]+)`:\n\n)?^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...blocks].flatMap(([block, path, language, text = '']): readonly PageStep[] => {
    if (language === 'console') return consoleOf(block);
    if (path !== undefined) return [{ path, text }];
    throw new Error(`nobody runs this block:\n${block}`);
  });
}

/** The words of a command as a shell would split them, as far as pages use quotes. */
export function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
