/** Reads a .tar.gz as a stream. Files and folders only, and nothing outside the folder it is unpacked into. */
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';

const block = 512;
const maxEntries = 2_000_000;
/** Names longer than any file system allows are an attack, not a name. */
const maxName = 64 * 1024;

export class ArchiveError extends Error {
  constructor(archive: string, offset: number, message: string) {
    super(`${archive}: byte ${offset} of the unpacked archive: ${message}`);
    this.name = 'ArchiveError';
  }
}

/** `folder` must not exist yet. @throws ArchiveError */
export async function unpackTarGz(archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const stream = createReadStream(archive).pipe(createGunzip());
  const input = new Input(archive, stream);
  let longName: string | null = null;
  try {
    for (let entry = 0; ; entry++) {
      const header = await input.take(block);
      if (header === null || header.every((byte) => byte === 0)) return;
      if (entry >= maxEntries) input.fail(`more than ${maxEntries} entries`);
      const size = headerSize(header, input);
      const type = String.fromCharCode(header[156] ?? 0);
      if (type === 'L' || type === 'x') {
        if (size > maxName) input.fail('a name without end');
        const data = await input.exactly(size);
        await input.skip(padding(size));
        longName = type === 'L' ? text(data) : (paxPath(data) ?? longName);
        continue;
      }
      const name: string = longName ?? headerName(header);
      longName = null;
      if (type === 'g') {
        await input.skip(size + padding(size));
        continue;
      }
      const path = join(folder, safeName(name, input));
      if (type === '5') {
        await mkdir(path, { recursive: true });
      } else if (type === '0' || type === '\0' || type === '7') {
        await mkdir(dirname(path), { recursive: true });
        const file = await open(path, 'wx', (octal(header, 100, 8) ?? 0) & 0o100 ? 0o755 : 0o644);
        try {
          await input.copy(size, file);
        } finally {
          await file.close();
        }
      } else {
        input.fail(`${name} is a link or device, which this reader refuses`);
      }
      await input.skip(padding(size));
    }
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    return input.fail(error instanceof Error ? error.message : String(error));
  } finally {
    stream.destroy();
  }
}

class Input {
  readonly #archive: string;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest = Buffer.alloc(0);
  #offset = 0;

  constructor(archive: string, stream: AsyncIterable<Buffer>) {
    this.#archive = archive;
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  fail(message: string): never {
    throw new ArchiveError(this.#archive, this.#offset, message);
  }

  /** null: the archive ends here. */
  async take(count: number): Promise<Buffer | null> {
    while (this.#rest.length < count) {
      const next = await this.#chunks.next();
      if (next.done) return this.#rest.length === 0 ? null : this.fail('it is cut off');
      this.#rest = Buffer.concat([this.#rest, next.value]);
    }
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    this.#offset += count;
    return taken;
  }

  async exactly(count: number): Promise<Buffer> {
    return (await this.take(count)) ?? this.fail('it is cut off');
  }

  async copy(count: number, file: FileHandle): Promise<void> {
    for (let left = count; left > 0; ) {
      const piece = await this.exactly(Math.min(left, Math.max(block, Math.min(this.#rest.length, left))));
      await file.write(piece);
      left -= piece.length;
    }
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) left -= (await this.exactly(Math.min(left, 64 * 1024))).length;
  }
}

function padding(size: number): number {
  return (block - (size % block)) % block;
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}

function octal(header: Uint8Array, start: number, length: number): number | null {
  const digits = text(header.subarray(start, start + length)).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : null;
}

function headerSize(header: Uint8Array, input: Input): number {
  const stored = octal(header, 148, 8);
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (stored !== sum) input.fail('not a tar header');
  return octal(header, 124, 12) ?? input.fail('an entry without a size');
}

function headerName(header: Uint8Array): string {
  const name = text(header.subarray(0, 100));
  const isUstar = text(header.subarray(257, 262)) === 'ustar';
  const prefix = isUstar ? text(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** The `path` record of a pax header: `27 path=some/long/name\n`. */
function paxPath(data: Uint8Array): string | null {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(Buffer.from(data).toString('utf8'))?.[1] ?? null;
}

function safeName(name: string, input: Input): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (name.startsWith('/') || parts.includes('..') || name.includes('\0') || name.includes('\\')) {
    input.fail(`${JSON.stringify(name)} would leave the folder`);
  }
  return parts.join('/');
}
