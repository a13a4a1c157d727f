/**
 * The bytes of a pickle as the machine meets them: a window onto the source, held in the tape's `bytes`, because texts
 * stay there. It grows while values refer to it, and slides where whole entries are forgotten (segments.ts).
 */
import { BenchFormatError } from '../../lib/format-error.ts';
import { type Limits, limitError, type PickleTape } from './tape.ts';

/** Bytes with random access: a file, a part of one, or memory. */
export interface ByteSource {
  readonly size: number;
  /** Reads into `target` from byte `at` on; returns how many bytes it got, 0 only at the end. */
  read(target: Uint8Array, at: number): number;
}

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(target, at) {
      const part = bytes.subarray(at, at + target.length);
      target.set(part);
      return part.length;
    },
  };
}

/** Zeros behind the window's end, so that an argument can be read before it is known to be there. */
export const padding = 16;
const firstWindow = 4 * 2 ** 20;

export class PickleWindow {
  readonly source: ByteSource;
  readonly #tape: PickleTape;
  readonly #limits: Limits;
  /** Of tape.bytes. */
  view = new DataView(new ArrayBuffer(0));
  /** So many bytes of it are valid. */
  end = 0;
  /** Where its first byte stands in the source. */
  base: number;
  /** What comes next. The machine's loop has its own and writes it back before others look. */
  position = 0;

  /** A window onto `source` from its byte `at` on; nothing is read yet. */
  constructor(source: ByteSource, tape: PickleTape, limits: Limits, at: number) {
    this.source = source;
    this.#tape = tape;
    this.#limits = limits;
    this.base = at;
    this.#resize(Math.min(source.size - at, firstWindow) + padding);
  }

  /** Byte of the source that comes next. */
  get offset(): number {
    return this.base + this.position;
  }

  /** Reads on until `wanted` bytes lie ahead or the source ends. */
  fill(wanted: number): void {
    if (this.end - this.position >= wanted) return;
    while (this.end - this.position < wanted) {
      const left = this.source.size - this.base - this.end;
      if (left <= 0) break;
      const room = this.#tape.bytes.length - padding - this.end;
      if (room === 0) {
        if (this.end >= this.#limits.bytes)
          throw limitError('bytes at once', this.#limits.bytes, this.offset);
        this.#resize(Math.min(this.end * 2, this.end + left, this.#limits.bytes) + padding);
        continue;
      }
      const got = this.source.read(
        this.#tape.bytes.subarray(this.end, this.end + Math.min(room, left)),
        this.base + this.end,
      );
      if (got === 0) throw this.truncated();
      this.end += got;
    }
    // The window is reused, and a stale byte behind the end must not read as data.
    this.#tape.bytes.fill(0, this.end, this.end + padding);
  }

  /** Goes on at another byte of the source; nothing of the window may be in use behind `keep`. */
  seek(offset: number, keep: number): void {
    this.base = offset - keep;
    this.position = keep;
    this.end = keep;
  }

  /** Moves what lies ahead to `to` in the window, over bytes that nothing refers to any more. */
  discard(to: number): void {
    this.#tape.bytes.copyWithin(to, this.position, this.end);
    const by = this.position - to;
    this.base += by;
    this.position -= by;
    this.end -= by;
    this.#tape.bytes.fill(0, this.end, this.end + padding);
  }

  /** The 64-bit length at `position`, an argument of the opcode at `opcodeAt`; refused where it cannot be true. */
  length64(position: number, opcodeAt: number): number {
    const length = this.view.getBigUint64(position, true);
    if (length > BigInt(this.source.size)) {
      throw this.error(`a length of ${length} bytes in data of ${this.source.size}`, opcodeAt);
    }
    return Number(length);
  }

  /** What is wrong with the byte at `position` of the window. */
  error(reason: string, position: number): BenchFormatError {
    return new BenchFormatError(reason, this.base + position, 'unpacked');
  }

  truncated(): BenchFormatError {
    return new BenchFormatError('the pickle ends too early', this.source.size, 'unpacked');
  }

  #resize(size: number): void {
    const { bytes } = this.#tape;
    if (bytes.length >= size && this.end === 0) {
      this.view = new DataView(bytes.buffer);
      return;
    }
    const larger = new Uint8Array(size);
    larger.set(bytes.subarray(0, this.end));
    this.#tape.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}
