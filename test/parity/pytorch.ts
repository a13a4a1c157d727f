/** Runs test/parity/reference.py, our super-network's counterpart in PyTorch, on inputs and jobs given here. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  decodeSafetensors,
  encodeSafetensors,
  type StoredTensor,
} from '../../src/nas/supernet/network/safetensors.ts';

const script = fileURLToPath(new URL('./reference.py', import.meta.url));

/** PyTorch's version, or null where python3 has none (PYTHONPATH may name a folder that holds it). */
export function pytorchVersion(): string | null {
  try {
    return execFileSync('python3', ['-c', 'import torch, numpy; print(torch.__version__)'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}

/** Tensors named `images/…` are [n, side, side, 3] here and NCHW there; weights are in PyTorch's layout on both sides. */
export function runPytorch(
  inputs: ReadonlyMap<string, StoredTensor>,
  jobs: readonly object[],
): ReadonlyMap<string, StoredTensor> {
  const folder = mkdtempSync(join(tmpdir(), 'parity-'));
  try {
    const file = (name: string) => join(folder, name);
    writeFileSync(file('inputs.safetensors'), encodeSafetensors({ tensors: inputs, metadata: {} }));
    writeFileSync(file('jobs.json'), JSON.stringify({ inputs: file('inputs.safetensors'), jobs }));
    execFileSync('python3', [script, file('jobs.json'), file('result.safetensors')], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return decodeSafetensors(readFileSync(file('result.safetensors')), 'result').tensors;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
