/** The study's small setting (profile `cifar10` of pipeline.yaml), with what both sides of the comparison are given. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBenchCsv } from '../../src/nas/benchmark/csv.ts';
import { type AskedArchitecture, sampleEvaluation } from '../../src/nas/benchmark/target.ts';
import { readImageSet } from '../../src/nas/data/image-files.ts';
import { downsampleTo, type ImageSet } from '../../src/nas/data/image-set.ts';
import { type Split, splitImages } from '../../src/nas/data/split.ts';
import { type Variant, variantSchema } from '../../src/nas/supernet/network/options.ts';

export interface ParitySetting {
  readonly variant: Variant;
  readonly images: ImageSet;
  readonly split: Split;
  readonly asked: readonly AskedArchitecture[];
}

const [side, trainImages, cropPadding] = [16, 16_000, 2];

/** What may be smaller than in the profile, for both sides alike. */
export interface ParitySize {
  readonly epochs: number;
  readonly batchSize: number;
  readonly validationImages: number;
}

/** @throws Error that says what is missing and how to have it */
export function paritySetting({ epochs, batchSize, validationImages }: ParitySize): ParitySetting {
  const [imagesPath, tablePath] = ['data/cifar-10-batches-bin', 'data/nb201_compact.csv'];
  for (const path of [imagesPath, tablePath])
    if (!existsSync(path))
      throw new Error(`${path} is not there: \`npm run data -- FOLDER\` links it, see data/README.md`);
  const images = downsampleTo(readImageSet(imagesPath), side);
  const bench = parseBenchCsv(readFileSync(tablePath, 'utf8'), tablePath)
    .rows.filter((row) => row.dataset === 'cifar10-valid' && row.split === 'x-valid' && row.hp === 200)
    .map(({ index, ops, accuracy }) => ({ index, ops, accuracy }));
  return {
    variant: variantSchema.parse({
      channels: 8,
      cellsPerStage: 1,
      epochs,
      batchSize,
      lr: 0.05,
      finalLr: 1e-5,
      cropPadding,
    }),
    images,
    split: splitImages(images.count, validationImages, trainImages, 0),
    asked: sampleEvaluation(bench, [], { top: 500, random: 300, sampleSeed: 0 }),
  };
}

/** The same for PyTorch: files of pixels and labels in `folder`, and a job that names them. */
export function pytorchJob(
  { variant, images, split, asked }: ParitySetting,
  folder: string,
  seed: number,
): string {
  mkdirSync(folder, { recursive: true });
  const size = images.side ** 2 * 3;
  const write = (part: string, indices: Uint32Array) => {
    const paths = { pixels: join(folder, `${part}.pixels`), labels: join(folder, `${part}.labels`) };
    const pixels = new Uint8Array(indices.length * size);
    indices.forEach((index, i) => {
      pixels.set(images.pixels.subarray(index * size, (index + 1) * size), i * size);
    });
    writeFileSync(paths.pixels, pixels);
    writeFileSync(
      paths.labels,
      Uint8Array.from(indices, (index) => images.labels[index]!),
    );
    return paths;
  };
  const { channels, cellsPerStage, nodeReduce, countPadding, linearTransformer } = variant;
  const job = {
    seed,
    side: images.side,
    cropPadding: variant.cropPadding,
    operations: [0, 1, 2, 3, 4],
    config: {
      channels,
      cellsPerStage,
      nodeReduce,
      countPadding,
      linearTransformer,
      affine: false,
      perEdge: Array.from({ length: 6 }, () => [0, 1, 2, 3, 4]),
    },
    train: variant,
    training: write('training', split.train),
    validation: write('validation', split.validation),
    architectures: asked.map(({ architecture }) => architecture),
  };
  const path = join(folder, `job-${seed}.json`);
  writeFileSync(path, JSON.stringify(job));
  return path;
}
