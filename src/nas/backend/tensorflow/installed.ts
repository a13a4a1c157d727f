// Which backends are there and in which version, found by looking at files: nothing is loaded, so it takes a moment only.

import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { BackendName } from '../contract/backend.ts';
import { BackendError } from '../contract/errors.ts';

/** The native binding of TensorFlow.js, as its own installer or `npm run setup:tensorflow` leaves it. */
export interface InstalledTensorflow {
  /** Absolute path of the compiled binding. */
  readonly binding: string;
  /** `tensorflow 2.21.0 (tfjs-node-gpu 4.22.0)`. */
  readonly version: string;
}

const BINDING_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

/**
 * Null where no package with a compiled binding is installed. A bundle may run from a folder outside the project, so
 * packages are looked for from the working directory too.
 */
export function findTensorflow(): InstalledTensorflow | null {
  for (const name of BINDING_PACKAGES) {
    const manifest = resolve(`${name}/package.json`);
    if (manifest === null) continue;
    const folder = dirname(manifest);
    const binding = listed(join(folder, 'lib'))
      .filter((entry) => /^napi-v\d+$/.test(entry))
      .map((entry) => join(folder, 'lib', entry))
      .find((path) => listed(path).includes('tfjs_binding.node'));
    if (binding === undefined) continue;
    const library = listed(join(folder, 'deps/lib'))
      .map((entry) => /^libtensorflow\.so\.(\d+\.\d+\.\d+)$/.exec(entry)?.[1])
      .find((version) => version !== undefined);
    const short = name.slice('@tensorflow/'.length);
    return {
      binding: join(binding, 'tfjs_binding.node'),
      version: `tensorflow ${library ?? 'of unknown version'} (${short} ${versionOf(manifest)})`,
    };
  }
  return null;
}

/** `auto` is tensorflow where it is installed, else wasm. A BackendError when the one that was named is not there. */
export function chooseBackend(wanted: string): BackendName {
  if (wanted === 'wasm') return 'wasm';
  if (wanted !== 'auto' && wanted !== 'tensorflow') {
    throw new BackendError(`There is no backend '${wanted}'.`, 'Use auto, tensorflow or wasm.');
  }
  if (findTensorflow() !== null) return 'tensorflow';
  if (wanted === 'auto') return 'wasm';
  throw new BackendError(
    'The tensorflow backend is not installed.',
    'Run `npm run setup:tensorflow`, or choose `backend: wasm`.',
  );
}

/** Name and version of what `wanted` would compute with, in one line, without loading it: it goes into the key of a cell. */
export function describeBackend(wanted: string): string {
  if (chooseBackend(wanted) === 'tensorflow') return findTensorflow()!.version;
  return wasmVersion();
}

export function wasmVersion(): string {
  const manifest = resolve('@tensorflow/tfjs-backend-wasm/package.json');
  if (manifest === null) {
    throw new BackendError('@tensorflow/tfjs-backend-wasm is not installed.', 'Run npm ci.');
  }
  return `tfjs-backend-wasm ${versionOf(manifest)}`;
}

function resolve(request: string): string | null {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return realpathSync(createRequire(from).resolve(request));
    } catch {
      // Not found from here; the next place may have it.
    }
  }
  return null;
}

function versionOf(manifest: string): string {
  const parsed: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  const version =
    parsed !== null && typeof parsed === 'object' && 'version' in parsed ? parsed.version : undefined;
  return typeof version === 'string' ? version : 'of unknown version';
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
