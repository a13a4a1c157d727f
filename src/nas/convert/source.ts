/** Where a raw benchmark lies: a folder, or a tar or zip of it, as a list of members that any thread can read. */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { BenchFormatError } from '../../lib/format-error.ts';
import type { ByteSource } from '../pickle/window.ts';

/** One file of the folder, or one entry of the archive. */
export interface Member {
  /** As an error names it: a path, or `archive.zip: entry`. */
  readonly name: string;
  readonly file: string;
  /** Bytes of `file` that are the member's. */
  readonly at: number;
  readonly size: number;
  /** Size once inflated (zip); null: stored as it is. */
  readonly inflated: number | null;
  /** Changes when the member does. */
  readonly version: string;
}

export interface MemberList {
  readonly meta: Member | null;
  /** Architecture files by index, ascending. */
  readonly architectures: readonly { readonly index: number; readonly member: Member }[];
}

/** A member may not be larger than this, packed or inflated: real ones have 84 KB. */
const maxMember = 64 * 2 ** 20;

/** Members of a folder, a .tar or a .zip. Throws BenchFormatError for a broken archive. */
export function listMembers(path: string): MemberList {
  const stat = statSync(path);
  if (stat.isDirectory()) {
    const members = readdirSync(path).map((name): Member => {
      const file = join(path, name);
      const { size, mtimeMs } = statSync(file);
      return { name: file, file, at: 0, size, inflated: null, version: `${size}:${mtimeMs}` };
    });
    return select(members);
  }
  return withFile(path, (descriptor) => {
    const size = stat.size;
    const head = Buffer.alloc(512);
    readSync(descriptor, head, 0, 512, 0);
    const isZip = head.readUInt32LE(0) === 0x04034b50;
    const list = isZip ? zipMembers : tarMembers;
    return select(list(descriptor, path, size, `${size}:${stat.mtimeMs}`));
  });
}

/** Whether the file starts like a zip or a tar (and so is no .pth of the legacy layout). */
export function isArchive(path: string): boolean {
  return withFile(path, (descriptor) => {
    const head = Buffer.alloc(512);
    readSync(descriptor, head, 0, 512, 0);
    return head.readUInt32LE(0) === 0x04034b50 || head.toString('latin1', 257, 262) === 'ustar';
  });
}

/** The bytes of a member. Throws BenchFormatError where the archive ends before or does not inflate. */
export function readMember(member: Member): Uint8Array {
  if (member.size > maxMember || (member.inflated ?? 0) > maxMember) {
    throw new BenchFormatError(`a member of more than ${maxMember} bytes, refused`, member.at, 'file');
  }
  const bytes = withFile(member.file, (descriptor) => readAt(descriptor, member.at, member.size));
  if (bytes.length < member.size) {
    throw new BenchFormatError('the file ends too early', member.at + bytes.length, 'file');
  }
  if (member.inflated === null) return bytes;
  try {
    const inflated = inflateRawSync(bytes, { maxOutputLength: Math.max(1, member.inflated) });
    if (inflated.length === member.inflated) return inflated;
  } catch {
    // Reported below: zlib does not say where.
  }
  throw new BenchFormatError('a zip entry that does not inflate', member.at, 'file');
}

/** A file as bytes with random access. Close it with `close`. */
export function fileSource(path: string): ByteSource & { close(): void } {
  const descriptor = openSync(path, 'r');
  return {
    size: fstatSync(descriptor).size,
    read: (target, at) => readSync(descriptor, target, 0, target.length, at),
    close: () => closeSync(descriptor),
  };
}

function withFile<T>(path: string, read: (descriptor: number) => T): T {
  const descriptor = openSync(path, 'r');
  try {
    return read(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readAt(descriptor: number, at: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let got = 0;
  while (got < size) {
    const more = readSync(descriptor, bytes, got, size - got, at + got);
    if (more === 0) break;
    got += more;
  }
  return bytes.subarray(0, got);
}

function select(members: readonly Member[]): MemberList {
  const last = (member: Member) => basename(member.name.slice(member.name.lastIndexOf(': ') + 1).trim());
  const architectures = members.flatMap((member) => {
    const match = /^(\d{6})\.pickle\.pbz2$/.exec(last(member));
    return match ? [{ index: Number(match[1]), member }] : [];
  });
  architectures.sort((a, b) => a.index - b.index);
  return { meta: members.find((member) => last(member) === 'meta.pickle.pbz2') ?? null, architectures };
}

/** POSIX tar (ustar, pax, GNU): headers of 512 bytes, each followed by its file in blocks of 512. */
function tarMembers(descriptor: number, path: string, size: number, version: string): Member[] {
  const members: Member[] = [];
  let longName: string | null = null;
  for (let at = 0; at + 512 <= size; ) {
    const header = Buffer.from(readAt(descriptor, at, 512));
    if (header.every((byte) => byte === 0)) return members;
    const text = (from: number, to: number) => header.toString('latin1', from, to).replace(/\0[\s\S]*$/, '');
    const stored = Number.parseInt(text(148, 156).trim(), 8);
    let sum = 0;
    for (let i = 0; i < 512; i++) sum += i >= 148 && i < 156 ? 32 : header[i]!;
    const length = Number.parseInt(text(124, 136).trim() || '0', 8);
    if (stored !== sum || !Number.isSafeInteger(length) || length < 0) {
      throw new BenchFormatError(
        at === 0 ? 'neither a folder, a .pth, a tar nor a zip of the benchmark' : 'no tar header',
        at,
        'file',
        path,
      );
    }
    const data = at + 512;
    if (data + length > size) throw new BenchFormatError('the tar ends too early', size, 'file', path);
    const type = text(156, 157);
    if (type === 'L' || type === 'x') {
      const extra = Buffer.from(readAt(descriptor, data, Math.min(length, 65_536))).toString('utf8');
      longName =
        type === 'L' ? extra.replace(/\0[\s\S]*$/, '') : (/\d+ path=([^\n]*)\n/.exec(extra)?.[1] ?? null);
    } else {
      const prefix = text(345, 500);
      const name = longName ?? (prefix ? `${prefix}/${text(0, 100)}` : text(0, 100));
      longName = null;
      if (type === '0' || type === '') {
        members.push({
          name: `${path}: ${name}`,
          file: path,
          at: data,
          size: length,
          inflated: null,
          version,
        });
      }
    }
    at = data + Math.ceil(length / 512) * 512;
  }
  return members;
}

/** Zip by its central directory (APPNOTE 4.3.12). Zip64 and encryption are refused. */
function zipMembers(descriptor: number, path: string, size: number, version: string): Member[] {
  const refuse = (reason: string, at: number) => new BenchFormatError(reason, at, 'file', path);
  const tailSize = Math.min(size, 65_557);
  const tail = Buffer.from(readAt(descriptor, size - tailSize, tailSize));
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || end + 22 > tail.length) throw refuse('a zip without its directory: truncated?', size);
  const count = tail.readUInt16LE(end + 10);
  const directorySize = tail.readUInt32LE(end + 12);
  const directoryAt = tail.readUInt32LE(end + 16);
  if (count === 0xffff || directoryAt === 0xffffffff) throw refuse('a zip64 archive, not supported', size);
  if (directoryAt + directorySize > size)
    throw refuse('a zip directory outside of the file', size - tailSize + end);
  const directory = Buffer.from(readAt(descriptor, directoryAt, directorySize));
  const members: Member[] = [];
  for (let i = 0, at = 0; i < count; i++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50) {
      throw refuse('a broken zip directory', directoryAt + at);
    }
    const method = directory.readUInt16LE(at + 10);
    const packed = directory.readUInt32LE(at + 20);
    const inflated = directory.readUInt32LE(at + 24);
    const nameLength = directory.readUInt16LE(at + 28);
    const local = directory.readUInt32LE(at + 42);
    const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
    if (name.endsWith('.pbz2')) {
      if ((directory.readUInt16LE(at + 8) & 1) !== 0) throw refuse(`${name} is encrypted`, directoryAt + at);
      if (method !== 0 && method !== 8)
        throw refuse(`${name}: compression method ${method}`, directoryAt + at);
      const header = Buffer.from(readAt(descriptor, local, 30));
      if (header.length < 30 || header.readUInt32LE(0) !== 0x04034b50) {
        throw refuse(`no zip entry where the directory says ${name}`, local);
      }
      const data = local + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
      members.push({
        name: `${path}: ${name}`,
        file: path,
        at: data,
        size: packed,
        inflated: method === 8 ? inflated : null,
        version,
      });
    }
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return members;
}
