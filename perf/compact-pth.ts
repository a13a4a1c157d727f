/**
 * Writes a legacy .pth out of architecture files, one after the other: `make_legacy_pth.py` needs all records in memory
 * and shares most of them, so its file has 1.7 GB. Here every record stands alone, as in the real file. Their protocol-4
 * pickles are rewritten opcode by opcode to protocol 2, with memo numbers that rise through the file.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { decompress } from '../src/nas/bzip2/bzip2.ts';

const legacyNames = new Map([
  ['200', 'full'],
  ['12', 'less'],
]);

/** Pairs that a pickler writes before a SETITEMS. */
const batch = 1000;

/** Writes records `files` (by index) with the list of architectures from `meta` until `bytes` are reached. Returns how many. */
export function writeLegacyPth(
  target: string,
  meta: string,
  files: readonly string[],
  bytes: number,
): number {
  const out = new Output(target);
  try {
    out.bytes([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]);
    out.bytes([0x80, 2, 0x4d, 0xe9, 0x03, 0x2e]);
    out.bytes([0x80, 2, 0x7d, 0x2e]);
    out.bytes([0x80, 2, 0x7d, 0x28]);
    // {'meta_archs': […], 'total_archs': n, …}: of the meta file its items up to arch2infos, without the frame around.
    const metaPickle = decompress(readFileSync(meta));
    const list = findText(metaPickle, 'meta_archs');
    const rest = findText(metaPickle, 'arch2infos');
    let memo = transcode(metaPickle.subarray(list, rest), out, 0);
    out.text('arch2infos');
    out.bytes([0x7d]);
    let count = 0;
    for (const file of files) {
      if (out.size >= bytes) break;
      if (count % batch === 0) out.bytes(count === 0 ? [0x28] : [0x75, 0x28]);
      const index = Number.parseInt(basename(file), 10);
      out.bytes([0x4a, index & 255, (index >> 8) & 255, (index >> 16) & 255, 0]);
      memo = transcode(decompress(readFileSync(file)), out, memo);
      count++;
    }
    out.bytes([0x75]);
    out.text('evaluated_indexes');
    out.bytes([0x5d, 0x75, 0x2e, 0x80, 2, 0x5d, 0x2e]);
    return count;
  } finally {
    out.close();
  }
}

/** Position of the opcode that pushes a short text. */
function findText(pickle: Uint8Array, text: string): number {
  const at = Buffer.from(pickle.buffer, pickle.byteOffset, pickle.length).indexOf(text);
  if (at < 2) throw new Error(`no '${text}' in the meta file`);
  return at - 2;
}

/** Rewrites a pickle, or a stretch of one, with memo numbers from `memo` on. Returns the next number. */
function transcode(pickle: Uint8Array, out: Output, memo: number): number {
  const view = new DataView(pickle.buffer, pickle.byteOffset, pickle.length);
  /** What the stretch calls entry n of its memo, in the file's numbers. */
  const numbers: number[] = [];
  let next = memo;
  let previous = '';
  let module = '';
  const names = new Map<number, string>();
  for (let at = 0; at < pickle.length; ) {
    const opcode = pickle[at++]!;
    switch (opcode) {
      case 0x80:
        at++;
        break;
      case 0x95:
        at += 8;
        break;
      case 0x2e:
        return next;
      case 0x8c: {
        const length = pickle[at++]!;
        module = previous;
        previous = Buffer.from(pickle.buffer, pickle.byteOffset + at, length).toString('latin1');
        // The schedules are called otherwise in a .pth.
        out.text(legacyNames.get(previous) ?? pickle.subarray(at, at + length));
        at += length;
        if (pickle[at] === 0x94) names.set(numbers.length, previous);
        break;
      }
      case 0x94:
        numbers.push(next);
        out.memo(0x72, next++);
        break;
      case 0x68:
      case 0x6a: {
        const id = opcode === 0x68 ? pickle[at++]! : view.getUint32(at, true);
        if (opcode === 0x6a) at += 4;
        module = previous;
        previous = names.get(id) ?? '';
        out.memo(0x6a, numbers[id]!);
        break;
      }
      case 0x93:
        // The two names lie on the stack: drop them, and name the global in protocol 2's way.
        out.bytes([0x30, 0x30, 0x63]);
        out.bytes(Buffer.from(`${module}\n${previous}\n`, 'latin1'));
        break;
      case 0x47:
        out.bytes(pickle.subarray(at - 1, at + 8));
        at += 8;
        break;
      case 0x4b:
      case 0x4d:
      case 0x4a: {
        const length = opcode === 0x4b ? 1 : opcode === 0x4d ? 2 : 4;
        out.bytes(pickle.subarray(at - 1, at + length));
        at += length;
        break;
      }
      case 0x43: {
        const length = pickle[at]!;
        out.bytes(pickle.subarray(at - 1, at + 1 + length));
        at += 1 + length;
        break;
      }
      default:
        // Opcodes without an argument: containers, marks, constants.
        out.bytes([opcode]);
    }
  }
  return next;
}

/** A file written through a buffer. */
class Output {
  readonly #descriptor: number;
  readonly #buffer = new Uint8Array(1 << 20);
  #used = 0;
  size = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'w');
  }

  bytes(bytes: ArrayLike<number>): void {
    if (this.#used + bytes.length > this.#buffer.length) this.#flush();
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
    this.size += bytes.length;
  }

  /** BINUNICODE. */
  text(text: string | Uint8Array): void {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    this.bytes([0x58, bytes.length, 0, 0, 0]);
    this.bytes(bytes);
  }

  /** LONG_BINPUT or LONG_BINGET. */
  memo(opcode: number, id: number): void {
    this.bytes([opcode, id & 255, (id >>> 8) & 255, (id >>> 16) & 255, id >>> 24]);
  }

  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    writeSync(this.#descriptor, this.#buffer, 0, this.#used);
    this.#used = 0;
  }
}
