/** safetensors: round trip, Python reads it, damaged files are refused by name. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  SafetensorsError,
} from '../../../../src/nas/supernet/network/safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));

const content = {
  tensors: new Map([
    ['a.weight', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-30, 6) }],
    ['b', { shape: [], data: Float32Array.of(0.1) }],
    ['empty', { shape: [0], data: new Float32Array(0) }],
  ]),
  metadata: { note: 'für Wörter' },
};

test('what is written is read back, and equal content gives equal bytes', () => {
  const bytes = encodeSafetensors(content);
  expect(decodeSafetensors(bytes, 'x')).toEqual(content);
  expect(decodeSafetensors(Buffer.from(bytes), 'x')).toEqual(content);
  expect(encodeSafetensors(decodeSafetensors(bytes, 'x'))).toEqual(bytes);
});

test('Python reads it by the format’s description alone', () => {
  const file = join(folder, 'x.safetensors');
  writeFileSync(file, encodeSafetensors(content));
  const script = `
import json, struct, sys
raw = open(sys.argv[1], 'rb').read()
size, = struct.unpack('<Q', raw[:8])
assert size % 8 == 0
header = json.loads(raw[8:8 + size])
assert header.pop('__metadata__') == {'note': 'für Wörter'}
out = {}
for name, entry in header.items():
    assert entry['dtype'] == 'F32'
    a, b = entry['data_offsets']
    out[name] = [entry['shape'], list(struct.unpack('<%df' % ((b - a) // 4), raw[8 + size:][a:b]))]
print(json.dumps(out))`;
  const read = JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }));
  expect(read['a.weight'][0]).toEqual([2, 3]);
  expect(Float32Array.from(read['a.weight'][1])).toEqual(content.tensors.get('a.weight')!.data);
  expect(read.empty).toEqual([[0], []]);
});

test('a damaged file is an error that names the file and the tensor', () => {
  const bytes = encodeSafetensors(content);
  const failure = (damaged: Uint8Array) => {
    try {
      decodeSafetensors(damaged, 'w.safetensors');
    } catch (error) {
      return error instanceof SafetensorsError ? error.message : error;
    }
    return null;
  };
  expect(failure(bytes.slice(0, 5))).toBe('w.safetensors: ends after 5 bytes, before its header');
  expect(failure(bytes.slice(0, 40))).toMatch(/the file ends before/);
  expect(failure(bytes.slice(0, -3))).toMatch(/tensor 'b' \[\] does not fit/);
  const half = new TextDecoder('latin1').decode(bytes).replace('F32', 'F16');
  expect(failure(Uint8Array.from(half, (letter) => letter.charCodeAt(0)))).toMatch(/'a.weight' is F16/);
});
