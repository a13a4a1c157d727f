/**
 * A training's whole state in one safetensors file: weights, running statistics, momentum, gradients that wait for the
 * next step, and as JSON the place in the data, the sampler's queues and generator, and the history so far.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../../lib/replace-file.ts';
import type { Backend } from '../../backend/contract/backend.ts';
import type { Network } from '../network/network.ts';
import { fromTorch, toStateDict, toTorch } from '../network/network.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../network/safetensors.ts';
import type { Optimizer } from './optimizer.ts';

const word = z.number().int().nonnegative();

/** Sums over the epoch that is under way. */
const totalsSchema = z.object({ loss: z.number(), correct: z.number(), images: z.number() });

/** One line of history.jsonl. */
export const epochRecordSchema = z.object({
  epoch: word,
  lr: z.number(),
  /** Mean cross-entropy of the training batches along the sampled paths. */
  loss: z.number(),
  /** Their accuracy in %. */
  accuracy: z.number(),
});
export type EpochRecord = z.infer<typeof epochRecordSchema>;

const progressSchema = z.object({
  /** What the state belongs to; another training's is not used. */
  identity: z.string(),
  epoch: word,
  batch: word,
  /** Batches since the last optimizer step. */
  accumulated: word,
  sampler: z.object({
    random: z.tuple([word, word, word, word]),
    queues: z.array(z.array(z.array(word))),
  }),
  totals: totalsSchema,
  /** Learning rate of the epoch under way. */
  lr: z.number(),
  history: z.array(epochRecordSchema),
});
export type Progress = z.infer<typeof progressSchema>;

const fileName = 'training.safetensors';
const velocityPrefix = 'momentum:';
const pendingPrefix = 'pending:';

/** Writes the state aside, syncs it, and renames it over the one before. */
export function saveCheckpoint(
  folder: string,
  backend: Backend,
  { network, optimizer }: { readonly network: Network; readonly optimizer: Optimizer },
  progress: Progress,
): void {
  const { parameters } = network.layout;
  const tensors = toStateDict(backend, network);
  const put = (prefix: string, parameter: number, values: Float32Array) => {
    const { name, shape } = parameters[parameter]!;
    tensors.set(`${prefix}${name}`, toTorch(shape, values));
  };
  for (const [parameter, values] of optimizer.velocities()) put(velocityPrefix, parameter, values);
  for (const [parameter, list] of optimizer.pending())
    list.forEach((values, i) => {
      put(`${pendingPrefix}${i}:`, parameter, values);
    });
  const bytes = encodeSafetensors({ tensors, metadata: { progress: JSON.stringify(progress) } });
  replaceFile(join(folder, fileName), bytes, true);
}

export interface Checkpoint {
  readonly progress: Progress;
  /** Weights and statistics among others, by their state-dict names. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * The state saved in the folder; null where there is none, or where it is not on the way of this training: of another
 * identity, or with an epoch at another rate than `rateOf` has for it (a cosine over more epochs is another one).
 */
export function loadCheckpoint(
  folder: string,
  identity: string,
  rateOf: (epoch: number) => number,
): Checkpoint | null {
  const file = join(folder, fileName);
  if (!statSync(file, { throwIfNoEntry: false })) return null;
  const { tensors, metadata } = decodeSafetensors(readFileSync(file), file);
  const progress = progressSchema.parse(JSON.parse(metadata.progress ?? 'null'));
  const { epoch, batch, lr, history } = progress;
  const onTheWay =
    progress.identity === identity &&
    history.every((record) => record.lr === rateOf(record.epoch)) &&
    (batch === 0 || lr === rateOf(epoch));
  return onTheWay ? { progress, tensors } : null;
}

/** Gives the optimizer of a network made from the checkpoint's tensors its momentum and waiting gradients. */
export function restoreOptimizer(checkpoint: Checkpoint, network: Network, optimizer: Optimizer): void {
  const velocities = new Map<number, Float32Array>();
  const pending = new Map<number, Float32Array[]>();
  network.layout.parameters.forEach(({ name, shape }, parameter) => {
    const velocity = checkpoint.tensors.get(`${velocityPrefix}${name}`);
    if (velocity) velocities.set(parameter, fromTorch(shape, velocity.data));
    for (let i = 0; ; i++) {
      const stored = checkpoint.tensors.get(`${pendingPrefix}${i}:${name}`);
      if (!stored) break;
      pending.set(parameter, [...(pending.get(parameter) ?? []), fromTorch(shape, stored.data)]);
    }
  });
  optimizer.restore(velocities, pending);
}
