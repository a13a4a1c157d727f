// `node dist/nas/backend-version.js [auto|tensorflow|wasm]`: one line that names what would compute, for a stage's `tools`.

import { describeBackend } from './tensorflow/installed.ts';

try {
  console.log(describeBackend(process.argv[2] ?? 'auto'));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
