/** Image sets out of arrays: a batch of CIFAR-10's python version, or a `.npz` with images and labels. */
import { bytesOf, readCifarPickle } from './cifar-pickle.ts';
import { classCount, type ImageSet, ImageSetError } from './image-set.ts';
import { type NpyArray, readNpz } from './npz.ts';

/** @throws ImageSetError */
export function decodeCifarPickle(file: string, content: Uint8Array): ImageSet {
  const entries = readCifarPickle(file, content);
  const data = bytesOf(entries.get('data'));
  const labels = entries.get('labels');
  if (data === null || data.shape[1] !== 3072 || !Array.isArray(labels) || labels.length !== data.shape[0])
    throw new ImageSetError(
      file,
      null,
      'lacks `data` (n × 3,072 bytes) or as many `labels`',
      "Give a batch of CIFAR-10's python version",
    );
  return imageSet(file, { count: labels.length, side: 32, values: data.bytes, channelsFirst: true }, labels);
}

const imageNames = ['images', 'x', 'X', 'data', 'x_train', 'arr_0'];
const labelNames = ['labels', 'y', 'Y', 'targets', 'y_train', 'arr_1'];

/** Images of n × side × side × 3 or n × 3 × side × side bytes, labels of n whole numbers. @throws ImageSetError */
export function decodeNpz(file: string, content: Uint8Array): ImageSet {
  const arrays = readNpz(file, content);
  const images = named(file, arrays, imageNames);
  const labels = named(file, arrays, labelNames);
  const [count = 0, a = 0, b = 0, c = 0] = images.shape;
  const channelsFirst = a === 3 && b === c;
  const side = channelsFirst ? b : a;
  if (
    images.shape.length !== 4 ||
    (!channelsFirst && (a !== b || c !== 3)) ||
    !(images.values instanceof Uint8Array)
  )
    throw new ImageSetError(
      file,
      null,
      `has images of ${images.shape.join(' × ')}`,
      'Write bytes (uint8) of n × side × side × 3',
    );
  if (labels.values.length !== count)
    throw new ImageSetError(
      file,
      null,
      `has ${count} images but ${labels.values.length} labels`,
      'Give one per image',
    );
  return imageSet(file, { count, side, values: images.values, channelsFirst }, labels.values);
}

function named(file: string, arrays: ReadonlyMap<string, NpyArray>, names: readonly string[]): NpyArray {
  const found = names.flatMap((name) => arrays.get(name) ?? [])[0];
  if (found) return found;
  throw new ImageSetError(
    file,
    null,
    `has no ${names[0]} among ${[...arrays.keys()].slice(0, 8).join(', ') || 'nothing'}`,
    `Call the array ${names.join(', ')}`,
  );
}

interface Pixels {
  readonly count: number;
  readonly side: number;
  readonly values: Uint8Array;
  /** Channel by channel, as CIFAR-10 has them; else pixel by pixel. */
  readonly channelsFirst: boolean;
}

function imageSet(file: string, of: Pixels, given: ArrayLike<unknown>): ImageSet {
  const { count, side, values, channelsFirst } = of;
  const labels = Uint8Array.from({ length: count }, (_, n) => {
    const label = Number(given[n]);
    if (Number.isInteger(label) && label >= 0 && label < classCount) return label;
    throw new ImageSetError(
      file,
      n,
      `label ${String(given[n]).slice(0, 20)} is not in 0–${classCount - 1}`,
      `The networks tell ${classCount} classes apart: number them from 0`,
    );
  });
  if (!channelsFirst) return { side, count, labels, pixels: values };
  const area = side * side;
  const pixels = new Uint8Array(values.length);
  for (let n = 0; n < count; n++)
    for (let i = 0; i < area; i++)
      for (let c = 0; c < 3; c++) pixels[(n * area + i) * 3 + c] = values[(n * 3 + c) * area + i]!;
  return { side, count, labels, pixels };
}
