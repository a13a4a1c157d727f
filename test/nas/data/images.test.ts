/** Image sets: CIFAR-10's layout, damaged files, halving, splits, and batches that do not depend on who makes them. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { cropAndFlip } from '../../../src/nas/data/augment.ts';
import { type BatchPlan, batchesAnEpoch, plainImages } from '../../../src/nas/data/batches.ts';
import { readImageSet } from '../../../src/nas/data/image-files.ts';
import { downsampleTo, encodeImageSet, ImageSetError } from '../../../src/nas/data/image-set.ts';
import { type Loader, plainLoader, threadedLoader } from '../../../src/nas/data/loader.ts';
import { Random } from '../../../src/nas/data/random.ts';
import { drawShapes } from '../../../src/nas/data/shapes.ts';
import { splitImages } from '../../../src/nas/data/split.ts';
import { realImages } from '../../kit/real-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'images-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Records whose pixel bytes are c·64 + position mod 64: a channel, row or column mixed up shows. */
function records(count: number, side: number): Uint8Array {
  const size = 1 + 3 * side * side;
  return Uint8Array.from({ length: count * size }, (_, i) => {
    const at = (i % size) - 1;
    return at < 0 ? Math.floor(i / size) % 10 : Math.floor(at / (side * side)) * 64 + (at % 64);
  });
}

test('CIFAR-10 batches are read in order, channels last, whatever their number', () => {
  const batches = join(folder, 'batches');
  rmSync(batches, { recursive: true, force: true });
  writeFile('batches/data_batch_2.bin', records(3, 32));
  writeFile('batches/data_batch_1.bin', records(2, 32));
  writeFile('batches/test_batch.bin', records(7, 32));
  const set = readImageSet(batches);
  expect([set.count, set.side]).toEqual([5, 32]);
  expect([...set.labels]).toEqual([0, 1, 0, 1, 2]);
  expect([...set.pixels.subarray(0, 6)]).toEqual([0, 64, 128, 1, 65, 129]);
  expect(set.pixels.at(-1)).toBe(128 + 63);
});

test('an own image set keeps its side in a json beside it', () => {
  const set = drawShapes({ count: 20, side: 16, seed: 1 });
  writeFile('own/shapes.bin', encodeImageSet(set));
  writeFile('own/shapes.json', '{"side": 16}');
  expect(readImageSet(join(folder, 'own'))).toEqual(set);
  expect(readImageSet(join(folder, 'own/shapes.bin'))).toEqual(set);
});

test('the official archive is read as it is', () => {
  const content = records(2, 32);
  const header = Buffer.alloc(512);
  header.write('cifar-10-batches-bin/data_batch_1.bin');
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write('0', 156);
  const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  padded.set(content);
  writeFile('cifar.tar.gz', gzipSync(Buffer.concat([header, padded, Buffer.alloc(1024)])));
  expect(readImageSet(join(folder, 'cifar.tar.gz')).count).toBe(2);
});

test('a truncated batch and a bad label name the file and the record', () => {
  const whole = records(4, 32);
  const failure = (name: string, content: Uint8Array | string) => {
    const file = writeFile(name, content);
    try {
      readImageSet(file);
    } catch (error) {
      if (error instanceof ImageSetError) return { file: error.file === file, record: error.record };
    }
    return null;
  };
  expect(failure('cut.bin', whole.slice(0, -100))).toEqual({ file: true, record: 3 });
  expect(failure('label.bin', whole.with(2 * 3073, 10))).toEqual({ file: true, record: 2 });
  expect(failure('empty.bin', '')).toEqual({ file: true, record: 0 });
  expect(() => readImageSet(join(folder, 'nowhere'))).toThrow(/no such file or folder/);
});

test('an empty folder says that it is to be removed', () => {
  mkdirSync(join(folder, 'hollow'));
  expect(() => readImageSet(join(folder, 'hollow'))).toThrow(
    /hollow: the folder is empty\. Remove the empty/,
  );
});

test('2×2 pixels become their mean, channel by channel', () => {
  const pixels = new Uint8Array(new SharedArrayBuffer(4 * 4 * 3));
  pixels.forEach((_, i) => {
    pixels[i] = i * 5;
  });
  const half = downsampleTo({ side: 4, count: 1, labels: Uint8Array.of(7), pixels }, 2);
  const mean = (y: number, x: number, c: number) =>
    [0, 1]
      .flatMap((dy) => [0, 1].map((dx) => pixels[((y + dy) * 4 + x + dx) * 3 + c]!))
      .reduce((a, b) => a + b) / 4;
  const expected = [0, 2].flatMap((y) =>
    [0, 2].flatMap((x) => [0, 1, 2].map((c) => Math.floor(mean(y, x, c) + 0.5))),
  );
  expect([...half.pixels]).toEqual(expected);
  expect(() => downsampleTo(half, 3)).toThrow(/cannot be averaged down/);
});

test('the split never shares an image and does not depend on how many train', () => {
  const few = splitImages(100, 20, 30, 5);
  const all = splitImages(100, 20, null, 5);
  expect(few.validation).toEqual(all.validation);
  expect(few.train).toEqual(all.train.slice(0, 30));
  expect(new Set([...all.train, ...all.validation]).size).toBe(100);
  expect(splitImages(100, 20, 30, 6).validation).not.toEqual(few.validation);
  expect(() => splitImages(100, 80, 30, 0)).toThrow(RangeError);
});

test('a crop shifts by whole pixels, fills with zeros, and a flip mirrors', () => {
  const image = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => i + 1);
  const at = (from: Uint8Array, y: number, x: number) => from[(y * 4 + x) * 3]!;
  const moved = cropAndFlip(image, 4, 1, -2, false);
  expect([at(moved, 0, 2), at(moved, 2, 3), at(moved, 0, 1), at(moved, 3, 2)]).toEqual([
    at(image, 1, 0),
    at(image, 3, 1),
    0,
    0,
  ]);
  expect(at(cropAndFlip(image, 4, 0, 0, true), 2, 0)).toBe(at(image, 2, 3));
});

test('normalised CIFAR-10 images have mean 0 and deviation 1 a channel', {
  skip: !existsSync(realImages),
}, () => {
  const set = readImageSet(realImages);
  expect(set.count).toBe(20_000);
  const images = plainImages(
    set,
    Uint32Array.from({ length: 2000 }, (_, i) => i * 10),
  );
  for (let c = 0; c < 3; c++) {
    const values = images.filter((_, i) => i % 3 === c);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(variance).toBeCloseTo(1, 1);
  }
});

const set = drawShapes({ count: 50, side: 16, seed: 3 });
const plan: BatchPlan = {
  indices: splitImages(50, 10, null, 0).train,
  batchSize: 16,
  augmentation: { cropPadding: 2, flip: true, autoAugment: true },
  labelSmoothing: 0.1,
  seed: 4,
};

async function take(loader: Loader, count: number) {
  const batches = [];
  for (let i = 0; i < count; i++) {
    const { images, targets, size } = await loader.next();
    batches.push({ images: images.slice(), targets: targets.slice(), size });
  }
  await loader.close();
  return batches;
}

test('the threaded loader gives the bytes of the plain one, over several epochs', async () => {
  const plain = await take(plainLoader(set, plan, { epoch: 0, batch: 0 }), 10);
  expect(plain.map(({ size }) => size)).toEqual([16, 16, 8, 16, 16, 8, 16, 16, 8, 16]);
  expect(await take(await threadedLoader(set, plan, { epoch: 0, batch: 0 }), 10)).toEqual(plain);
});

test('a loader started in the middle of an epoch goes on with the same bytes', async () => {
  const whole = await take(plainLoader(set, plan, { epoch: 0, batch: 0 }), 9);
  expect(await take(plainLoader(set, plan, { epoch: 1, batch: 1 }), 5)).toEqual(whole.slice(4));
  expect(batchesAnEpoch(plan)).toBe(3);
});

test('an epoch shows every training image once, with smoothed labels', async () => {
  const [first, ...rest] = await take(plainLoader(set, plan, { epoch: 0, batch: 0 }), 3);
  expect([...first!.targets.subarray(0, 10)].sort().map((value) => value.toFixed(2))).toEqual([
    ...Array(9).fill('0.01'),
    '0.91',
  ]);
  const shown = [first!, ...rest].flatMap(({ targets, size }) =>
    Array.from({ length: size }, (_, i) => targets.subarray(i * 10, i * 10 + 10).indexOf(Math.fround(0.91))),
  );
  expect(shown.sort()).toEqual([...plan.indices].map((index) => set.labels[index]!).sort());
});

test('images are the same for a seed, balanced, and differ between seeds', () => {
  expect(drawShapes({ count: 50, side: 16, seed: 3 })).toEqual(set);
  expect(drawShapes({ count: 50, side: 16, seed: 4 }).pixels).not.toEqual(set.pixels);
  expect(drawShapes({ count: 50, side: 32, seed: 3 }).pixels.length).toBe(50 * 32 * 32 * 3);
  for (let label = 0; label < 10; label++) expect(set.labels.filter((one) => one === label).length).toBe(5);
});

test('random integers are uniform, permutations complete, and a state goes on', () => {
  const random = Random.stream(0, 'test');
  const counts = new Float64Array(7);
  for (let i = 0; i < 70_000; i++) counts[random.int(7)]!++;
  // Chi-square, 6 degrees of freedom, quantile 0.999: 22.46.
  expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(22.46);
  expect([...random.permutation(20)].sort((a, b) => a - b)).toEqual([...Array(20).keys()]);
  const twin = new Random(random.state);
  expect([twin.uniform(), twin.uint32()]).toEqual([random.uniform(), random.uint32()]);
  const normals = Array.from({ length: 20_000 }, () => random.normal());
  expect(normals.reduce((a, b) => a + b) / 20_000).toBeCloseTo(0, 1);
  expect(normals.reduce((a, b) => a + b * b, 0) / 20_000).toBeCloseTo(1, 1);
});

function writeFile(name: string, content: Uint8Array | string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}
