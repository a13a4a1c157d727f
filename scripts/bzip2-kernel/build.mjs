// Compiles kernel.ts with AssemblyScript and writes src/nas/bench/bzip2-kernel.ts. Run by hand after a change:
//   npm run build:bzip2
// The compiler (100 MB) is fetched by npx for this and is no dependency of the project; the result is committed.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, '../../src/nas/bench/bzip2-kernel.ts');
const folder = mkdtempSync(join(tmpdir(), 'bzip2-kernel-'));
try {
  const wasm = join(folder, 'kernel.wasm');
  execFileSync(
    'npx',
    [
      '--yes',
      '--package=assemblyscript@0.28.20',
      'asc',
      join(here, 'kernel.ts'),
      ...['--outFile', wasm, '--runtime', 'stub', '--importMemory', '--noAssert', '-O3', '--converge'],
      ...['--enable', 'simd', '--memoryBase', '0'],
    ],
    { stdio: 'inherit' },
  );
  const base64 = readFileSync(wasm).toString('base64');
  writeFileSync(
    target,
    `/** WebAssembly compiled from scripts/bzip2-kernel/kernel.ts by its build.mjs. Do not edit. */\nexport const kernel =\n  '${base64}';\n`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
