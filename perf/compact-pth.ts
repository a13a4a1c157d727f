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

/** Bytes of the argument of opcodes that are copied as they are: BINFLOAT, BININT1, BININT2, BININT. */
const copied: Readonly<Record<number, number>> = { 71: 8, 75: 1, 77: 2, 74: 4 };
/** Bytes of what protocol 2 does not have: PROTO's and FRAME's arguments. */
const leftOut: Readonly<Record<number, number>> = { 128: 1, 149: 8 };

/** Rewrites a pickle, or a stretch of one, with memo numbers from `memo` on. Returns the next number. */
function transcode(pickle: Uint8Array, out: Output, memo: number): number {
  const view = new DataView(pickle.buffer, pickle.byteOffset, pickle.length);
  /** What the stretch calls entry n of its memo, in the file's numbers, and the texts among them. */
  const numbers: number[] = [];
  const names = new Map<number, string>();
  /** The last two texts that were pushed: what a STACK_GLOBAL takes. */
  let [module, name] = ['', ''];
  for (let at = 0; at < pickle.length; ) {
    const opcode = pickle[at++]!;
    const size = copied[opcode] ?? leftOut[opcode];
    if (opcode === 0x2e) break; // STOP
    if (size !== undefined) {
      if (opcode in copied) out.bytes(pickle.subarray(at - 1, at + size));
      at += size;
    } else if (opcode === 0x8c || opcode === 0x43) {
      // SHORT_BINUNICODE, SHORT_BINBYTES
      const end = at + 1 + pickle[at]!;
      if (opcode === 0x43) out.bytes(pickle.subarray(at - 1, end));
      else {
        [module, name] = [name, Buffer.from(pickle.subarray(at + 1, end)).toString('latin1')];
        // The schedules are called otherwise in a .pth.
        out.text(legacyNames.get(name) ?? pickle.subarray(at + 1, end));
        if (pickle[end] === 0x94) names.set(numbers.length, name);
      }
      at = end;
    } else if (opcode === 0x94) {
      // MEMOIZE
      out.memo(0x72, memo + numbers.length);
      numbers.push(memo + numbers.length);
    } else if (opcode === 0x68 || opcode === 0x6a) {
      // BINGET, LONG_BINGET
      const id = opcode === 0x68 ? pickle[at]! : view.getUint32(at, true);
      at += opcode === 0x68 ? 1 : 4;
      [module, name] = [name, names.get(id) ?? ''];
      out.memo(0x6a, numbers[id]!);
    } else if (opcode === 0x93) {
      // STACK_GLOBAL: the two names lie on the stack; drop them, and name the global in protocol 2's way.
      out.bytes([0x30, 0x30, 0x63]);
      out.bytes(Buffer.from(`${module}\n${name}\n`, 'latin1'));
    } else out.bytes([opcode]); // Opcodes without an argument: containers, marks, constants.
  }
  return memo + numbers.length;
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
