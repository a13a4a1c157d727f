// Compiles the kernels of this folder with AssemblyScript and writes them as base64 into src. Run by hand after a change:
//   npm run build:kernels
// The compiler (100 MB) is fetched by npx for this and is no dependency of the project; the results are committed.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const KERNELS = {
  'bzip2.ts': 'src/nas/bzip2/kernel.ts',
  'network.ts': 'src/nas/backend/wasm/kernel.ts',
};

const here = dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
try {
  for (const [source, target] of Object.entries(KERNELS)) {
    const wasm = join(folder, `${source}.wasm`);
    execFileSync(
      'npx',
      [
        '--yes',
        '--package=assemblyscript@0.28.20',
        'asc',
        join(here, source),
        ...['--outFile', wasm, '--runtime', 'stub', '--importMemory', '--noAssert', '-O3', '--converge'],
        // Sizes of 32 bits in addresses: there is no other target.
        ...['--enable', 'simd', '--memoryBase', '0', '--disableWarning', '201'],
      ],
      { stdio: 'inherit' },
    );
    const base64 = readFileSync(wasm).toString('base64');
    writeFileSync(
      join(here, '../..', target),
      `/** WebAssembly compiled from scripts/kernels/${source} by its build.mjs. Do not edit. */\nexport const kernel =\n  '${base64}';\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
