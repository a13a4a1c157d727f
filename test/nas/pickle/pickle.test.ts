/** What the pickle machine refuses, by name and with its byte; and that a bound holds for everything a file can ask for. */
import { describe, expect, test } from 'vitest';
import { BenchFormatError } from '../../../src/lib/format-error.ts';
import { readPickle } from '../../../src/nas/pickle/machine.ts';
import { defaultLimits } from '../../../src/nas/pickle/tape.ts';

const bytes = (...parts: (number | string | number[])[]) =>
  Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : Array.isArray(part) ? part : [part],
    ),
  );

function refusal(pickle: Uint8Array, limits = defaultLimits): BenchFormatError {
  try {
    readPickle(pickle, limits);
  } catch (error) {
    if (error instanceof BenchFormatError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('pickle machine', () => {
  test('a global that is not on the list is refused by name, never looked up', () => {
    const error = refusal(bytes(0x80, 2, 'cos\nsystem\n', 'X', [4, 0, 0, 0], 'true', 0x85, 'R.'));
    expect(error.reason).toBe('the pickle wants os.system, which is not allowed');
    expect(error.offset).toBe(2);
    const stacked = refusal(bytes(0x80, 4, 0x8c, 8, 'builtins', 0x8c, 4, 'eval', 0x93, '.'));
    expect(stacked.reason).toContain('builtins.eval');
    expect(stacked.offset).toBe(18);
    const tensor = refusal(bytes(0x80, 2, 'ctorch._utils\n_rebuild_tensor_v2\n.'));
    expect(tensor.reason).toContain('torch._utils._rebuild_tensor_v2');
  });

  test('what is no container has no items, whatever its bytes', () => {
    const values = [
      'X\x04\0\0\0text',
      'C\x04abcd',
      'G\x40\x45\0\0\0\0\0\0',
      'K\x07',
      '\x88',
      'N',
      '\x8a\x09\x01\0\0\0\0\0\0\0\x01',
    ];
    for (const value of values) expect([...readPickle(bytes(0x80, 4, value, '.')).items()]).toEqual([]);
    // The text's place in the bytes is a place among the list's items, which led round and round.
    const pair = readPickle(bytes(0x80, 4, 'X\x04\0\0\0text', '](', 'N'.repeat(60), 'e', 0x86, '.'));
    const [text, list] = [...pair.items()];
    expect(text!.items().next().done).toBe(true);
    expect([...list!.items()]).toHaveLength(60);
  });

  test('a length of 2^60 is refused before a byte of it is asked for', () => {
    const huge = [0, 0, 0, 0, 0, 0, 0, 0x10];
    for (const opcode of [0x8d, 0x8e, 0x96, 0x95]) {
      const error = refusal(bytes(0x80, 4, opcode, huge, '.'));
      expect(error.reason).toMatch(/1152921504606846976/);
      expect(error.offset).toBe(2);
    }
    expect(refusal(bytes(0x80, 2, 'X', [0xff, 0xff, 0xff, 0xff], '.')).reason).toContain('4294967295 bytes');
    expect(refusal(bytes(0x80, 2, 0x8b, [0, 0, 0, 0x40], '.')).reason).toBe('an integer of 1073741824 bytes');
  });

  test('memo numbers may not jump, or memory would follow', () => {
    expect(refusal(bytes(0x80, 2, 'Nr', [0xff, 0xff, 0xff, 0xff], '.')).reason).toBe(
      'memo number 4294967295 after 0',
    );
    expect(refusal(bytes(0x80, 2, 'h', 7, '.')).reason).toBe('memo number 7 was never given');
  });

  test('values, items, stack, marks and memo each have a bound', () => {
    const few = { ...defaultLimits, values: 1024, items: 4096, stack: 1024, marks: 100, memo: 1024 };
    const many = (opcode: string, times: number) => bytes(0x80, 2, opcode.repeat(times), '.');
    expect(refusal(many('N', 5000), few).reason).toBe('the pickle needs more than 1024 values, refused');
    expect(refusal(many('(', 200), few).reason).toContain('more than 100 nested containers');
    expect(refusal(bytes(0x80, 2, 'N', '2'.repeat(5000), '.'), few).reason).toContain('on its stack');
    expect(refusal(bytes(0x80, 4, 'N', '\x94'.repeat(5000), '.'), few).reason).toContain('memo entries');
    // A list that grows by what it holds: each round adds as many items as it repeats.
    const growing = bytes(0x80, 2, ']q', 0, `(${`h\0`.repeat(500)}e`.repeat(20), '.');
    expect(refusal(growing, { ...few, values: 100_000 }).reason).toContain('4096 items');
  });

  test('text protocols and stored tensors are refused with the opcode’s name', () => {
    expect(refusal(bytes('I1\n.')).reason).toContain('INT');
    expect(refusal(bytes(0x80, 2, 'X', [1, 0, 0, 0], 'a', 'Q.')).reason).toContain('stored tensors');
    expect(refusal(bytes(0x80, 6, 'N.')).reason).toBe('pickle protocol 6');
    expect(refusal(bytes(0x80, 2, 0xfe)).reason).toBe('0xfe is no pickle opcode');
  });

  test('an early end is an early end wherever it comes', () => {
    const whole = bytes(
      0x80,
      2,
      ']q',
      0,
      '(G',
      [0x40, 9, 0, 0, 0, 0, 0, 0],
      'K',
      3,
      'X',
      [2, 0, 0, 0],
      'ab',
      'e.',
    );
    expect(readPickle(whole).size).toBe(3);
    for (let length = 0; length < whole.length; length++) {
      expect(refusal(whole.subarray(0, length)).offset).toBeLessThanOrEqual(length);
    }
  });

  test('a list that holds itself is a value like any other', () => {
    const node = readPickle(bytes(0x80, 2, ']q', 0, 'h', 0, 'a.'));
    expect([...node.items()][0]!.ref).toBe(node.ref);
  });
});
