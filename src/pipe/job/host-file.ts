/** Where the stage host's program is: beside this one in the package; run from source, it is bundled on the spot. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { replaceFile } from '../../lib/replace-file.ts';

let found: Promise<string> | undefined;

/** Absolute path of the program. */
export function stageHostFile(): Promise<string> {
  found ??= find();
  return found;
}

async function find(): Promise<string> {
  const here = fileURLToPath(import.meta.url);
  // The bundler may have put this module into dist/ or into dist/chunks/.
  for (const folder of [dirname(here), dirname(dirname(here))]) {
    const file = join(folder, 'stage-host.js');
    if (existsSync(file)) return file;
  }
  const { build } = await import('esbuild');
  const result = await build({
    entryPoints: [join(dirname(here), 'stage-host.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
  });
  const output = result.outputFiles[0];
  if (!output) throw new Error('esbuild wrote no stage host');
  const folder = join(tmpdir(), `pipe-stage-host-${userInfo().uid}`);
  const file = join(folder, `${output.hash.replaceAll(/\W/g, '')}.mjs`);
  if (!existsSync(file)) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Several test processes may write it at once: each aside, the last rename wins with the same bytes.
    replaceFile(file, output.contents);
  }
  return file;
}
