/** Every knob of a variant in one flat, checked record; its defaults are the paper's small network (study: sections 2–3). */
import { z } from 'zod';
import { operations } from '../../space/architecture.ts';
import { available } from '../../space/mask.ts';

const count = z.number().int().positive();

/** Keys of a variant: what the network is, which operations it has, how it is trained. */
export const variantSchema = z
  .strictObject({
    /** C: channels of the first stage; the stages after it have 2C and 4C. */
    channels: count.default(32),
    /** N: normal cells in each of the three stages. */
    cellsPerStage: count.default(2),
    /** Inputs of a node are averaged (as the paper says) or summed (as NAS-Bench-201 and the authors' code do). */
    nodeReduce: z.enum(['mean', 'sum']).default('mean'),
    /** Whether average pooling counts the padding (the authors' code) or not (NAS-Bench-201). */
    countPadding: z.boolean().default(false),
    /** Which parameter-free operations get a linear 1×1 convolution while the super-network is used. */
    linearTransformer: z.enum(['none', 'skip', 'skip+pool']).default('none'),
    /** Operations that are taken out of the space. */
    mask: z.array(z.enum(operations)).default([]),

    sampling: z.enum(['strictly-fair', 'uniform']).default('strictly-fair'),
    /** Batches whose gradients a strictly fair step sums: as many as there are operations left, or always five. */
    fairPeriod: z.enum(['available', 'five']).default('available'),
    /** Whether all cells draw one architecture in training, or each its own. */
    topology: z.enum(['shared', 'not-shared']).default('shared'),

    epochs: count.default(250),
    batchSize: count.default(256),
    lr: z.number().positive().default(0.025),
    /** Where the cosine ends: 1e-5 in the paper's main text, 5e-5 in its appendix. */
    finalLr: z.number().nonnegative().default(1e-5),
    momentum: z.number().min(0).lt(1).default(0.9),
    /** On weights of convolutions and the linear layer only. */
    weightDecay: z.number().nonnegative().default(3e-4),
    /** Epochs in which the learning rate rises to `lr`; the paper's variant has 5. */
    warmupEpochs: z.number().int().nonnegative().default(0),
    /** Largest L2 norm of the accumulated gradient; the paper's variant has 5. */
    clipNorm: z.number().positive().nullable().default(null),
    autoAugment: z.boolean().default(false),
    labelSmoothing: z.number().min(0).lt(1).default(0),
    /** Zero pixels around an image before the random crop; null: an eighth of its side (4 of 32). */
    cropPadding: z.number().int().nonnegative().nullable().default(null),
  })
  .superRefine((variant, context) => {
    try {
      available(variant.mask);
    } catch (error) {
      context.addIssue({ code: 'custom', path: ['mask'], message: String((error as Error).message) });
    }
    if (variant.warmupEpochs >= variant.epochs && variant.warmupEpochs > 0)
      context.addIssue({ code: 'custom', path: ['warmupEpochs'], message: 'must be less than epochs' });
  });
export type Variant = z.infer<typeof variantSchema>;

/** What the images are and how they are divided; other keys of the pipeline's `data` are not the network's business. */
export const dataSchema = z.object({
  /** Images are averaged 2×2 down to this side. */
  side: count.default(32),
  /** null: all that are not withheld. */
  trainImages: count.nullable().default(null),
  validationImages: count.default(5000),
  splitSeed: z.number().int().nonnegative().default(0),
});
export type DataOptions = z.infer<typeof dataSchema>;

export const evaluationSchema = z.strictObject({
  /** How many of the benchmark's best to predict. */
  top: count.default(500),
  /** How many drawn from the rest. */
  random: z.number().int().nonnegative().default(1000),
  sampleSeed: z.number().int().nonnegative().default(0),
  /** Statistics that normalise: the super-network's running ones, recalibrated an architecture, or the batch's own. */
  batchNorm: z.enum(['running', 'recalibrated', 'batch']).default('running'),
  /** Training batches forwarded an architecture before `recalibrated`. */
  recalibrationBatches: count.default(4),
  /** Images at once; null: as many as memory allows well (not with `batch`, where it changes the result). */
  batchSize: count.nullable().default(null),
});
export type EvaluationOptions = z.infer<typeof evaluationSchema>;

const overrides = z.record(z.string(), z.unknown()).default({});

/** Settings in groups, as the pipeline hands a variant over; later groups win. */
const groups = z.object({
  network: overrides,
  train: overrides,
  size: overrides,
  space: overrides,
  method: overrides,
});

/** A variant from its groups. An issue has the path of the setting where it was given, `train.lr`. */
export const groupedVariantSchema = groups.transform((given, context): Variant => {
  const byRank = [given.network, given.train, given.size, given.space, given.method];
  const result = variantSchema.safeParse(Object.assign({}, ...byRank));
  if (result.success) return result.data;
  for (const { message, path, ...issue } of result.error.issues) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [String(path[0])];
    for (const key of keys) {
      const group = Object.entries(given).findLast(([, settings]) => key in settings)?.[0];
      context.addIssue({
        code: 'custom',
        message: issue.code === 'unrecognized_keys' ? 'no such setting' : message,
        path: [...(group === undefined ? [] : [group]), ...(path.length > 0 ? path : [key])],
      });
    }
  }
  return z.NEVER;
});
