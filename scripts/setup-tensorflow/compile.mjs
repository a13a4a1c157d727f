// The native binding of @tensorflow/tfjs-node-gpu, compiled against the library at hand. Its own installer would fetch
// libtensorflow 2.9 and a prebuilt binding; only its sources are used.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run, SetupError, step } from './process.mjs';
import { compiler } from './wheel.mjs';

const HEADERS = { name: 'node-api-headers', version: '1.9.0' };

/**
 * Fills `folder`/tfjs-node-gpu: the package, its binding, and a link that tells which TensorFlow it runs on.
 * @param {string} folder
 * @param {string} tensorflow
 * @param {string} version
 */
export function compileBinding(folder, tensorflow, version) {
  const target = join(folder, 'tfjs-node-gpu');
  const headers = join(folder, 'node-api-headers');
  step(`fetching @tensorflow/tfjs-node-gpu ${version}`, () => {
    fetchPackage(`@tensorflow/tfjs-node-gpu@${version}`, folder, target);
    fetchPackage(`${HEADERS.name}@${HEADERS.version}`, folder, headers);
  });
  const library = join(folder, 'tensorflow');
  const output = join(target, 'lib/napi-v8');
  mkdirSync(output, { recursive: true });
  const sources = readdirSync(join(target, 'binding'))
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(target, 'binding', name));
  const include = [join(library, 'include'), join(headers, 'include'), target].map((path) => `-I${path}`);
  const flags = ['-O2', '-std=c++17', '-shared', '-fPIC', '-w', '-DNAPI_VERSION=8', ...include];
  const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'].map((name) =>
    join(library, name),
  );
  // A path relative to the binding: no LD_LIBRARY_PATH is needed, and the folder may be moved as a whole.
  const search = '-Wl,-rpath,$ORIGIN/../../../tensorflow';
  step('compiling its binding', () =>
    run(
      compiler(),
      [...flags, ...sources, ...libraries, search, '-o', join(output, 'tfjs_binding.node')],
      {},
      'A compiler that knows C++17 is needed (g++ 8 or newer); CXX names another one.',
    ),
  );
  mkdirSync(join(target, 'deps/lib'), { recursive: true });
  symlinkSync(
    '../../../tensorflow/libtensorflow_cc.so.2',
    join(target, `deps/lib/libtensorflow.so.${tensorflow}`),
  );
  rmSync(headers, { recursive: true });
  rmSync(join(library, 'include'), { recursive: true });
}

/**
 * @param {string} spec
 * @param {string} folder
 * @param {string} target
 */
function fetchPackage(spec, folder, target) {
  const nextStep = 'Check that npm reaches its registry (npm ping), then try again.';
  const answer = run(
    'npm',
    ['pack', spec, '--json', '--pack-destination', folder],
    { cwd: folder },
    nextStep,
  );
  const [packed] = JSON.parse(answer.slice(answer.indexOf('[')));
  const archive = join(folder, packed.filename);
  const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (integrity !== packed.integrity)
    throw new SetupError(`${spec} arrived damaged (${integrity}).`, nextStep);
  run('tar', ['-xzf', archive, '-C', folder], {}, nextStep);
  renameSync(join(folder, 'package'), target);
  rmSync(archive);
}
