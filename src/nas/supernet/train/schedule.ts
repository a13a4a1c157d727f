/** The learning rate of an epoch: a linear warm-up, then half a cosine (study: section 3). */
import type { Variant } from '../network/options.ts';

/**
 * `epoch` is 0-based. In the warm-up's epoch e the rate is lr · (e + 1) / warmupEpochs; the cosine then falls from lr
 * towards finalLr over the epochs that are left, one value an epoch (PyTorch's CosineAnnealingLR).
 */
export function learningRate(
  options: Pick<Variant, 'lr' | 'finalLr' | 'epochs' | 'warmupEpochs'>,
  epoch: number,
): number {
  const { lr, finalLr, epochs, warmupEpochs } = options;
  if (epoch < warmupEpochs) return (lr * (epoch + 1)) / warmupEpochs;
  const share = (epoch - warmupEpochs) / (epochs - warmupEpochs);
  return finalLr + ((lr - finalLr) * (1 + Math.cos(Math.PI * share))) / 2;
}
