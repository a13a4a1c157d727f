/** A trained network as a safetensors file that says what it is: PyTorch's names, and in its metadata how it was made. */
import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Backend, BackendId } from '../../backend/contract/backend.ts';
import { superNetworkLayout } from './layout.ts';
import { fromStateDict, type Network, toStateDict } from './network.ts';
import { type DataOptions, dataSchema, type Variant, variantSchema } from './options.ts';
import { decodeSafetensors, encodeSafetensors, SafetensorsError } from './safetensors.ts';

/** What a super-network's file says of it. */
export interface Provenance {
  readonly variant: Variant;
  readonly data: DataOptions;
  readonly seed: number;
  /** What computed the weights. */
  readonly backend: BackendId;
}

const provenanceSchema = z.object({
  variant: variantSchema,
  data: dataSchema,
  seed: z.number().int(),
  backend: z.object({
    name: z.enum(['tensorflow', 'wasm']),
    version: z.string(),
    threads: z.number(),
    gpu: z.string().nullable(),
  }),
});

/** Writes the network; equal weights and provenance give equal bytes. */
export function saveWeights(file: string, backend: Backend, network: Network, provenance: Provenance): void {
  const metadata = { format: 'pt', provenance: JSON.stringify(provenance) };
  writeFileSync(file, encodeSafetensors({ tensors: toStateDict(backend, network), metadata }));
}

/** Reads a super-network. Throws SafetensorsError for a file that is none, or lacks a tensor. */
export function loadWeights(backend: Backend, file: string): { network: Network; provenance: Provenance } {
  const { tensors, metadata } = decodeSafetensors(readFileSync(file), file);
  let stored: unknown;
  try {
    stored = JSON.parse(metadata.provenance ?? 'null');
  } catch {
    stored = null;
  }
  const parsed = provenanceSchema.safeParse(stored);
  if (!parsed.success)
    throw new SafetensorsError(`${file}: its metadata does not say which variant it is; train it anew`);
  const layout = superNetworkLayout(parsed.data.variant);
  return { network: fromStateDict(backend, layout, tensors, file), provenance: parsed.data };
}

/** The file of the weights after an epoch (counted from 1), in a training's folder of snapshots. */
export function snapshotName(epoch: number): string {
  return `epoch-${epoch}.safetensors`;
}
