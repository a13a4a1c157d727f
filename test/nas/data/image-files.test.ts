/** Every form in which CIFAR-10 and one's own images come: the same images whichever it is, and a damaged file named. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { readImageSet } from '../../../src/nas/data/image-files.ts';
import { encodeImageSet, type ImageSet, ImageSetError } from '../../../src/nas/data/image-set.ts';
import { drawShapes } from '../../../src/nas/data/shapes.ts';
import { bytes, png, word } from '../../kit/png.ts';

const folder = mkdtempSync(join(tmpdir(), 'image-files-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string, content: Uint8Array | string): string => {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
};
const set = drawShapes({ count: 12, side: 32, seed: 3 });
const plain = (images: ImageSet) => ({
  ...images,
  labels: [...images.labels],
  pixels: Buffer.from(images.pixels),
});
/** What is refused, as text; an error of another kind fails the test. */
const refused = (path: string): string => {
  try {
    readImageSet(path);
  } catch (error) {
    if (error instanceof ImageSetError) return error.message;
    throw error;
  }
  throw new Error(`${path} was read`);
};

const short = (text: string) => bytes('U', [text.length], text);

/** A batch as Python 2 wrote CIFAR-10's: protocol 2, `str` for names and pixels, labels as a list of small numbers. */
function python2Batch({ count, labels, pixels }: ImageSet, side = 32): Buffer {
  const planes = encodeImageSet({ side, count, labels, pixels });
  const data = Buffer.concat(
    Array.from({ length: count }, (_, n) => Buffer.from(planes.subarray(n * 3073 + 1, (n + 1) * 3073))),
  );
  return bytes(
    '\x80\x02}q\x01(',
    short('batch_label'),
    'q\x02',
    short('training batch 1 of 5'),
    'q\x03',
    short('labels'),
    'q\x04]q\x05(',
    [...labels].flatMap((label) => [0x4b, label]),
    'e',
    short('data'),
    'q\x06cnumpy.core.multiarray\n_reconstruct\nq\x07',
    'cnumpy\nndarray\nq\x08K\x00\x85',
    short('b'),
    '\x87Rq\t(K\x01K',
    [count],
    'M\x00\x0c\x86cnumpy\ndtype\nq\n',
    short('u1'),
    'K\x00K\x01\x87Rq\x0b(K\x03',
    short('|'),
    'NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T',
    word(data.length),
    data,
    'tb',
    short('filenames'),
    ']',
    short('a.png'),
    'au.',
  );
}

describe('CIFAR-10’s python version', () => {
  test('a folder of its batches is what the binary batches are', () => {
    at('python/data_batch_1', python2Batch(set));
    at('python/test_batch', 'not looked at');
    at('python/batches.meta', 'nor this');
    at('binary/data_batch_1.bin', encodeImageSet(set));
    expect(plain(readImageSet(join(folder, 'python')))).toEqual(plain(readImageSet(join(folder, 'binary'))));
  });

  test('what is no such batch is refused, and nothing that it asks for is looked up', () => {
    const whole = python2Batch(set);
    expect(refused(at('cut/data_batch_1', whole.subarray(0, 9000)))).toMatch(
      /data_batch_1: .*ends after 9000 bytes.*Fetch it/,
    );
    const evil = bytes('\x80\x02cos\nsystem\n', short('touch /tmp/x'), '\x85R.');
    expect(refused(at('evil/data_batch_1', evil))).toContain('it asks for os.system');
    expect(refused(at('odd/data_batch_1', bytes('\x80\x02', [0x49], '1\n.')))).toContain(
      'opcode "I" at byte 2',
    );
    const labels = python2Batch({ ...set, labels: set.labels.map((_, i) => (i === 4 ? 11 : 1)) });
    expect(refused(at('label/data_batch_1', labels))).toMatch(
      /data_batch_1, record 4: label 11 is not in 0–9/,
    );
    for (let end = 0; end < 400; end += 7)
      expect(refused(at('fuzz/data_batch_1', whole.subarray(0, end)))).toContain('data_batch_1');
  });
});

/** A zip with stored entries, as numpy.savez writes it. */
function zipOf(entries: Readonly<Record<string, Buffer>>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const half = (value: number) => [value & 255, value >> 8];
    const sizes = [
      ...word(crc32(content)),
      ...word(content.length),
      ...word(content.length),
      ...half(name.length),
      0,
      0,
    ];
    const local = bytes('PK\x03\x04', [20, 0, 0, 0, 0, 0, 0, 0, 0, 0], sizes, name, content);
    directory.push(
      bytes(
        'PK\x01\x02',
        [20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        sizes,
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        word(offset),
        name,
      ),
    );
    locals.push(local);
    offset += local.length;
  }
  const index = Buffer.concat(directory);
  const count = directory.length;
  return Buffer.concat([
    ...locals,
    index,
    bytes('PK\x05\x06', [0, 0, 0, 0, count, 0, count, 0], word(index.length), word(offset), [0, 0]),
  ]);
}

function npy(type: string, shape: readonly number[], content: Uint8Array): Buffer {
  const header = `${`{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`.padEnd(117)}\n`;
  return bytes('\x93NUMPY\x01\x00', [header.length, 0], header, content);
}

describe('a .npz', () => {
  const images = npy('|u1', [12, 32, 32, 3], set.pixels);
  const labels = npy('<i8', [12], new Uint8Array(BigInt64Array.from(set.labels, BigInt).buffer));

  test('holds images, channels last or first, and whole numbers as labels', () => {
    expect(plain(readImageSet(at('a.npz', zipOf({ 'images.npy': images, 'labels.npy': labels }))))).toEqual(
      plain(set),
    );
    const planes = Buffer.concat(
      Array.from({ length: 12 }, (_, n) =>
        Buffer.from(encodeImageSet(set).subarray(n * 3073 + 1, (n + 1) * 3073)),
      ),
    );
    const first = zipOf({ 'x.npy': npy('|u1', [12, 3, 32, 32], planes), 'y.npy': labels });
    expect(plain(readImageSet(at('b.npz', first)))).toEqual(plain(set));
  });

  test('is refused by its name and the array’s', () => {
    const whole = zipOf({ 'images.npy': images, 'labels.npy': labels });
    expect(refused(at('cut.npz', whole.subarray(0, 5000)))).toContain('the directory of its zip is missing');
    expect(refused(at('no.npz', zipOf({ 'images.npy': images })))).toMatch(
      /has no labels among images.*Call the array/,
    );
    const floats = npy('<f4', [2], new Uint8Array(8));
    expect(refused(at('f.npz', zipOf({ 'images.npy': images, 'labels.npy': floats })))).toContain(
      'labels.npy holds <f4',
    );
    const few = npy('|u1', [2], Uint8Array.of(1, 2));
    expect(refused(at('few.npz', zipOf({ 'images.npy': images, 'labels.npy': few })))).toContain(
      '12 images but 2 labels',
    );
    const lying = npy('|u1', [99], Uint8Array.of(1, 2));
    expect(refused(at('lie.npz', zipOf({ 'images.npy': images, 'labels.npy': lying })))).toContain(
      '2 bytes for 99',
    );
  });
});

describe('a folder of PNGs', () => {
  const size = 32 * 32 * 3;
  const image = (n: number) => set.pixels.slice(n * size, (n + 1) * size);

  test('has a class per subfolder, in the order of their names, every filter undone', () => {
    for (const [n, name] of ['cat/2.png', 'cat/1.png', 'ant/x.PNG'].entries())
      at(`pets/${name}`, png(32, image(n)));
    const { labels, pixels, side, count } = readImageSet(join(folder, 'pets'));
    expect({ side, count, labels: [...labels] }).toEqual({ side: 32, count: 3, labels: [0, 1, 1] });
    expect(Buffer.from(pixels)).toEqual(
      Buffer.concat([image(2), image(1), image(0)].map((one) => Buffer.from(one))),
    );
  });

  test('grey, palette and transparent images become RGB', () => {
    const values = Uint8Array.from({ length: 16 }, (_, i) => i % 4);
    at('kinds/a/grey.png', png(4, values, 0));
    at(
      'kinds/a/palette.png',
      png(4, values, 3, { palette: Uint8Array.from({ length: 12 }, (_, i) => 10 * i) }),
    );
    at(
      'kinds/a/rgba.png',
      png(
        4,
        Uint8Array.from({ length: 64 }, (_, i) => i),
        6,
      ),
    );
    const { pixels } = readImageSet(join(folder, 'kinds'));
    expect([...pixels.subarray(3, 6)]).toEqual([1, 1, 1]);
    expect([...pixels.subarray(48 + 3, 48 + 6)]).toEqual([30, 40, 50]);
    expect([...pixels.subarray(96 + 3, 96 + 6)]).toEqual([4, 5, 6]);
  });

  test('an image that cannot be used is named, with what to give', () => {
    const one = (name: string, content: Uint8Array) => {
      at(`${name}/a/1.png`, png(4, new Uint8Array(48)));
      at(`${name}/a/2.png`, content);
      return refused(join(folder, name));
    };
    expect(one('larger', png(6, new Uint8Array(108)))).toMatch(
      /2\.png: is 6×6, the first is 4 wide.*square PNGs/,
    );
    expect(one('jpeg', bytes('\xff\xd8\xff'))).toContain('2.png: is no PNG');
    expect(one('broken', png(4, new Uint8Array(48)).subarray(0, 60))).toContain('2.png: is cut off');
    expect(one('deep', png(4, new Uint8Array(48), 2, { depth: 16 }))).toContain('has 16 bits per channel');
    for (let n = 0; n < 11; n++) at(`many/c${String(n).padStart(2, '0')}/1.png`, png(4, new Uint8Array(48)));
    expect(refused(join(folder, 'many'))).toContain('11 classes (subfolders)');
    mkdirSync(join(folder, 'nothing/inside'), { recursive: true });
    expect(refused(join(folder, 'nothing'))).toContain('hold no .png');
  });
});

/** numpy as this machine has it. */
function hasNumpy(): boolean {
  try {
    execFileSync('python3', ['-c', 'import numpy'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!hasNumpy())(
  'what numpy itself writes is read: pickles of protocols 2 and 4, .npz stored and packed',
  () => {
    at('raw.bin', set.pixels);
    const script = `
import numpy, pickle, os
os.chdir(${JSON.stringify(folder)})
images = numpy.fromfile('raw.bin', dtype='u1').reshape(12, 32, 32, 3)
labels = ${JSON.stringify([...set.labels])}
rows = numpy.ascontiguousarray(images.transpose(0, 3, 1, 2).reshape(12, 3072))
for protocol in (2, 4):
    os.makedirs(f'own{protocol}')
    pickle.dump({'data': rows, 'labels': labels}, open(f'own{protocol}/data_batch_1', 'wb'), protocol)
numpy.savez('stored.npz', images=images, labels=numpy.array(labels))
numpy.savez_compressed('packed.npz', x=images, y=numpy.array(labels, dtype='u1'))
`;
    execFileSync('python3', ['-c', script]);
    for (const name of ['own2', 'own4', 'stored.npz', 'packed.npz'])
      expect(plain(readImageSet(join(folder, name))), name).toEqual(plain(set));
  },
);
