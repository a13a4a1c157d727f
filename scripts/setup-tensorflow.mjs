// Makes the fast backend work on this machine: TensorFlow's own library from its Python wheel, and the native binding of
// TensorFlow.js compiled against it. Both stay in the user's cache folder; the checkout only gets a link to them.

import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { trainOneStep } from './setup-tensorflow/check.mjs';
import { compileBinding } from './setup-tensorflow/compile.mjs';
import { buildAside, cacheFolder, isComplete } from './setup-tensorflow/folder.mjs';
import { SetupError } from './setup-tensorflow/process.mjs';
import { checkMachine, unpackWheel } from './setup-tensorflow/wheel.mjs';

const TENSORFLOW = '2.21.0';
const BINDING = '4.22.0';

const help = `npm run setup:tensorflow [-- --gpu] [-- --fresh]

Fetches TensorFlow ${TENSORFLOW} (pip download), compiles the binding of TensorFlow.js ${BINDING} against it, links the
result into node_modules and trains one step. Needs Linux, python3 with pip, a C++ compiler and 2.5 GB of disk
(10 GB with --gpu). Safe to run again: what is already there is only linked and checked.

  --gpu     TensorFlow with CUDA: about 3 GB to fetch; wants an NVIDIA driver
  --fresh   fetch and compile again, even if it is there
`;

/**
 * @param {string} root
 * @param {string} target
 */
function link(root, target) {
  const path = join(root, 'node_modules/@tensorflow/tfjs-node-gpu');
  mkdirSync(dirname(path), { recursive: true });
  if (lstatSync(path, { throwIfNoEntry: false })) rmSync(path, { recursive: true });
  symlinkSync(target, path);
  return path;
}

function main() {
  const { values } = parseArgs({
    options: { gpu: { type: 'boolean' }, fresh: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  if (!existsSync(join(root, 'node_modules')))
    throw new SetupError('node_modules is not there.', 'Run npm ci first.');
  const gpu = values.gpu ?? false;
  const folder = cacheFolder(`tensorflow-${TENSORFLOW}-${gpu ? 'gpu' : 'cpu'}-tfjs-${BINDING}`);
  if (values.fresh || !isComplete(folder)) {
    checkMachine(dirname(folder), gpu);
    buildAside(folder, (aside) => {
      unpackWheel(aside, TENSORFLOW, gpu);
      compileBinding(aside, TENSORFLOW, BINDING);
    });
  }
  const path = link(root, join(folder, 'tfjs-node-gpu'));
  console.log(`linked ${path} → ${folder}`);
  console.log(trainOneStep(root));
}

try {
  main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\nsetup:tensorflow: ${error.message}\n${error.nextStep}`);
  console.error(
    'Without it everything still runs, on the wasm backend: about three times slower for large networks, alike for small ones.',
  );
  process.exitCode = 1;
}
