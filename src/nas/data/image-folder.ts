/** A folder of PNG files as an image set: a subfolder per class, in the order of their names; files in theirs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { classCount, type ImageSet, ImageSetError } from './image-set.ts';
import { decodePng } from './png.ts';

/** The classes' folders of a folder of PNGs; none: it is no such folder. */
export function classFolders(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** All images must be squares of one side. @throws ImageSetError that names the file */
export function readImageFolder(path: string, classes: readonly string[]): ImageSet {
  if (classes.length > classCount)
    throw new ImageSetError(
      path,
      null,
      `${classes.length} classes (subfolders)`,
      `The networks tell ${classCount} apart`,
    );
  const files = classes.flatMap((name, label) =>
    readdirSync(join(path, name))
      .filter((file) => /\.png$/i.test(file))
      .sort()
      .map((file) => ({ file: join(path, name, file), label })),
  );
  let side = 0;
  const labels = new Uint8Array(files.length);
  let pixels = new Uint8Array();
  for (const [n, { file, label }] of files.entries()) {
    const image = decodePng(readFileSync(file));
    if (typeof image === 'string')
      throw new ImageSetError(file, null, image, 'Give square PNGs of one size, 8 bits a channel');
    if (n === 0) {
      side = image.width;
      pixels = new Uint8Array(files.length * side * side * 3);
    }
    if (image.width !== side || image.height !== side)
      throw new ImageSetError(
        file,
        null,
        `is ${image.width}×${image.height}, the first is ${side} wide`,
        'Give square PNGs of one size, 8 bits a channel',
      );
    pixels.set(image.pixels, n * side * side * 3);
    labels[n] = label;
  }
  if (files.length === 0)
    throw new ImageSetError(
      path,
      null,
      'its subfolders hold no .png',
      'Put the images of a class into a subfolder',
    );
  return { side, count: files.length, labels, pixels };
}
