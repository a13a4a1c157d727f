// TensorFlow's C library and headers, taken from its Python wheel: the C archive of the project itself stops at old
// versions, the wheels are current, and their libraries export every function of the C API.

import { mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { run, SetupError, step, works } from './process.mjs';

const GIGABYTE = 1e9;

/**
 * Says what is missing before anything is fetched.
 * @param {string} cache
 * @param {boolean} gpu
 */
export function checkMachine(cache, gpu) {
  if (process.platform !== 'linux') {
    throw new SetupError(
      `this set-up knows Linux only, not ${process.platform}.`,
      'Use the wasm backend here.',
    );
  }
  if (!('glibcVersionRuntime' in systemReport().header)) {
    throw new SetupError(
      "TensorFlow's wheels need glibc; this system has another C library.",
      'Use Debian, Ubuntu, Fedora or the like.',
    );
  }
  if (!works('python3', ['--version'])) {
    throw new SetupError(
      'python3 is not there.',
      'Install it (Debian: apt-get install python3 python3-pip) and try again.',
    );
  }
  if (!works('python3', ['-m', 'pip', '--version'])) {
    throw new SetupError(
      'python3 has no pip.',
      'Install it (Debian: apt-get install python3-pip) and try again.',
    );
  }
  if (!works(compiler(), ['--version'])) {
    throw new SetupError(
      `no C++ compiler: ${compiler()} cannot be started.`,
      'Install one (Debian: apt-get install g++), or name it in CXX, and try again.',
    );
  }
  mkdirSync(cache, { recursive: true });
  const disk = statfsSync(cache);
  const free = disk.bavail * disk.bsize;
  const wanted = (gpu ? 10 : 2.5) * GIGABYTE;
  if (free < wanted) {
    throw new SetupError(
      `${cache} has ${(free / GIGABYTE).toFixed(1)} GB free; ${wanted / GIGABYTE} GB are needed while unpacking.`,
      'Make room, or set XDG_CACHE_HOME to a folder on a larger disk, and try again.',
    );
  }
}

/** What Node says of the system; its types only promise an object. */
function systemReport() {
  return /** @type {{ header: object }} */ (process.report.getReport());
}

export function compiler() {
  return process.env.CXX || 'c++';
}

// Only the C library and its headers are wanted from some 1.3 GB. The GPU wheels keep their places relative to each
// other: the libraries look for CUDA at $ORIGIN/../nvidia.
const extract = `
import sys, zipfile
target, wheels = sys.argv[1], sys.argv[2:]
headers = ('tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/')
for wheel in wheels:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            library = '.so' in name and (name.startswith('nvidia/') or name.startswith('tensorflow/libtensorflow'))
            if library or name.startswith(tuple('tensorflow/include/' + header for header in headers)):
                archive.extract(name, target)
`;

/**
 * Fills `folder`/tensorflow (libraries, include) and, for a GPU, `folder`/nvidia.
 * @param {string} folder
 * @param {string} version
 * @param {boolean} gpu
 */
export function unpackWheel(folder, version, gpu) {
  const wheels = join(folder, 'wheels');
  mkdirSync(wheels);
  step(`fetching TensorFlow ${version}${gpu ? ' with CUDA' : ''}`, () => download(wheels, version, gpu));
  const names = readdirSync(wheels).filter(
    (name) => /^(tensorflow|nvidia)/.test(name) && name.endsWith('.whl'),
  );
  if (!names.some((name) => name.startsWith('tensorflow'))) {
    throw new SetupError(
      'pip fetched no TensorFlow wheel.',
      'Run `python3 -m pip download tensorflow-cpu` and see what it says.',
    );
  }
  step('unpacking its library and headers', () =>
    run(
      'python3',
      ['-c', extract, folder, ...names.map((name) => join(wheels, name))],
      {},
      'The download may be damaged: try again.',
    ),
  );
  rmSync(wheels, { recursive: true });
}

/**
 * The library is the same in the wheel of every Python, so another one's does when this Python has none.
 * @param {string} wheels
 * @param {string} version
 * @param {boolean} gpu
 */
function download(wheels, version, gpu) {
  const wanted = gpu ? [`tensorflow[and-cuda]==${version}`] : ['--no-deps', `tensorflow-cpu==${version}`];
  const download = ['-m', 'pip', 'download', '--quiet', '--only-binary=:all:', '--dest', wheels];
  const nextStep =
    'Check that pip reaches a package index (pip config list, PIP_INDEX_URL, a proxy), then try again.';
  if (works('python3', [...download, ...wanted])) return;
  run('python3', [...download, '--python-version', '3.12', ...wanted], {}, nextStep);
}
