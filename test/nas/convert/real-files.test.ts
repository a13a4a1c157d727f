/** The three real files of NATS-tss "simple", compared bit for bit with what Python reads from them. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decompress } from '../../../src/nas/bzip2/bzip2.ts';
import { readPickle } from '../../../src/nas/pickle/machine.ts';
import digests from '../../golden/bench/digests.json' with { type: 'json' };
import { realFiles } from '../../kit/real-data.ts';
import { canonical } from './canonical.ts';

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');
const read = (name: string) => new Uint8Array(readFileSync(`${realFiles}/${name}.pickle.pbz2`));

describe.skipIf(!existsSync(realFiles))('real files (skipped without the sample of real data)', () => {
  for (const [name, golden] of Object.entries(digests)) {
    test(`${name} unpacks to the bytes that bzip2 gives`, () => {
      const bytes = decompress(read(name));
      expect(bytes.length).toBe(golden.unpackedBytes);
      expect(sha256(bytes)).toBe(golden.unpackedSha256);
    });

    test(`${name} holds the values that Python's pickle reads, bit for bit`, () => {
      const text = canonical(readPickle(decompress(read(name))));
      expect(text.split('\n').length).toBe(golden.canonicalLines);
      expect(sha256(text)).toBe(golden.canonicalSha256);
    });
  }
});
