/**
 * The safetensors file format, float32 only: an 8-byte little-endian header length, a JSON header of names, shapes and
 * byte ranges, the numbers (github.com/huggingface/safetensors, "Format").
 */

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A file that is not a safetensors file of float32 tensors. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
}

/** Tensors in the order given; equal content gives equal bytes. */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // The numbers start at a multiple of 8; the format pads the header with spaces.
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(json, 8);
  let at = 8 + headerLength;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** The inverse. `file` names the bytes in errors. Throws SafetensorsError. */
export function decodeSafetensors(bytes: Uint8Array, file: string): Safetensors {
  const bad = (problem: string) => new SafetensorsError(`${file}: ${problem}`);
  if (bytes.length < 8) throw bad(`ends after ${bytes.length} bytes, before its header`);
  const headerLength = Number(
    new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true),
  );
  if (headerLength > bytes.length - 8)
    throw bad(`its header should have ${headerLength} bytes but the file ends before`);
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + headerLength)),
    );
  } catch {
    throw bad('its header is no JSON');
  }
  if (!isRecord(header)) throw bad('its header is no object');
  const tensors = new Map<string, StoredTensor>();
  const body = bytes.subarray(8 + headerLength);
  const metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (!isRecord(entry)) throw bad(`entry '${name}' is no object`);
    if (name === '__metadata__') {
      for (const [key, value] of Object.entries(entry)) metadata[key] = String(value);
      continue;
    }
    const { dtype, shape, data_offsets: offsets } = entry;
    if (dtype !== 'F32') throw bad(`tensor '${name}' is ${String(dtype)}, only F32 is read`);
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
      throw bad(`tensor '${name}' has no shape and range`);
    const [from, to] = offsets as [number, number];
    const count = shape.reduce((product, size) => product * size, 1);
    if (to > body.length || to - from !== count * 4)
      throw bad(
        `tensor '${name}' [${shape.join(', ')}] does not fit its bytes ${from}–${to} of ${body.length}`,
      );
    // A copy, because a Float32Array must begin at a multiple of 4 (and Buffer.slice makes none).
    tensors.set(name, { shape, data: new Float32Array(new Uint8Array(body.subarray(from, to)).buffer) });
  }
  return { tensors, metadata };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isInteger(size) && size >= 0);
}
