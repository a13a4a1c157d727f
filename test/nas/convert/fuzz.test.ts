/**
 * Mutated pickles and bzip2 streams: never a crash, a hang, or memory beyond a bound; always a value or the one typed
 * error with its byte. A few hundred here, 50,000 with `npm run test:fuzz:bench`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BenchFormatError } from '../../../src/lib/format-error.ts';
import { Columns } from '../../../src/nas/benchmark/columns.ts';
import { decompress } from '../../../src/nas/bzip2/bzip2.ts';
import { addArchitecture, simpleSchedules } from '../../../src/nas/convert/record.ts';
import { PickleMachine, readPickle } from '../../../src/nas/pickle/machine.ts';
import { defaultLimits, key, PickleTape } from '../../../src/nas/pickle/tape.ts';
import { memorySource } from '../../../src/nas/pickle/window.ts';

const rounds = Number(process.env['FUZZ_ROUNDS'] ?? 1500);
/** No input may take longer; real ones of this size take a millisecond. */
const slowestMs = 5000;
/** Above what the process needs with its buffers in place. */
const memoryBound = 400 * 2 ** 20;

let temp: string;
let pickles: Uint8Array[];
let packed: { bytes: Uint8Array; unpacked: Uint8Array }[];

/** Bases by Python: a record in each protocol, with all that the machine knows; texts of every kind, packed. */
const script = `
import bz2, os, pickle, random, sys
from collections import OrderedDict
run = {"name": "cifar10", "epochs": 3, "train_acc1es": {e: 50.5 + e for e in range(3)}, "train_losses": {e: 1 / (e + 1) for e in range(3)},
       "train_times": OrderedDict((e, 1.5) for e in range(3)), "eval_names": ["ori-test"], "eval_acc1es": {"ori-test@2": 49.0},
       "eval_losses": {"ori-test@2": 1.25}, "latency": [0.01, -1], "params": 0.073306, "flop": 7.78305}
record = lambda e: {"arch_index": 0, "arch_str": "|avg_pool_3x3~0|+|skip_connect~0|skip_connect~1|+|avg_pool_3x3~0|skip_connect~1|avg_pool_3x3~2|",
       "all_results": {("cifar10", 777): dict(run, epochs=e), ("cifar10", 888): run}, "clear_net_done": True, "other": [None, -5, 10**20, b"bytes", {1, 2}, frozenset([3]), (1, 2, 3, 4)]}
try:
    import numpy
    run["params"] = numpy.float64(0.073306)
    run["latency"] = [numpy.float64(0.01), numpy.float32(0.5), numpy.int64(3)]
except ImportError:
    pass
for protocol in (2, 3, 4, 5):
    open("pickle-%d" % protocol, "wb").write(pickle.dumps(OrderedDict([("12", record(3)), ("200", record(3))]), protocol=protocol))
pickle.dump({"total": 2, "arch2infos": {0: {"12": record(3)}, 1: {"200": record(3)}, 2: {"200": record(3)}}, "more": []}, open("pickle-entries", "wb"), protocol=2)
rng = random.Random(0)
texts = [b"", b"a" * 5000, bytes(rng.randrange(256) for _ in range(3000)), b"aaaab" * 300 + b"bbbbbbbb" * 99, open("pickle-4", "rb").read(), b"abc" * 40000]
for i, text in enumerate(texts):
    open("text-%d" % i, "wb").write(text)
    open("packed-%d" % i, "wb").write(bz2.compress(text, 1 + i % 9))
`;

beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), 'nas-bench-fuzz-'));
  execFileSync('python3', ['-c', script], { cwd: temp });
  const read = (name: string) => new Uint8Array(readFileSync(join(temp, name)));
  pickles = ['2', '3', '4', '5', 'entries'].map((name) => read(`pickle-${name}`));
  packed = [0, 1, 2, 3, 4, 5].map((i) => ({ bytes: read(`packed-${i}`), unpacked: read(`text-${i}`) }));
});
afterAll(() => rmSync(temp, { recursive: true }));

/** Bytes that mean something to one of the formats: lengths, opcodes, block magic. */
const interesting = [
  [0xff, 0xff, 0xff, 0xff],
  [0x8d, 0, 0, 0, 0, 0, 0, 0, 0x10],
  [0x58, 0xff, 0xff, 0xff, 0x7f],
  [0x95, 0, 0, 0, 0, 0, 0, 0, 0x10],
  [0x72, 0xff, 0xff, 0xff, 0xff],
  [0x8b, 0, 0, 0, 0x40],
  [0x28, 0x28, 0x28, 0x28, 0x28, 0x28],
  [0x63, 0x6f, 0x73, 0x0a, 0x73, 0x79, 0x73, 0x74, 0x65, 0x6d, 0x0a],
  [0x32, 0x61, 0x32, 0x61],
  [0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
  [0x17, 0x72, 0x45, 0x38, 0x50, 0x90],
  [0x42, 0x5a, 0x68, 0x39],
];

function mutate(base: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = Array.from(base);
  for (let n = 1 + random(3); n > 0; n--) {
    const at = random(bytes.length + 1);
    switch (random(7)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << random(8);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes.splice(at, 1 + random(8));
        break;
      case 4:
        bytes.splice(at, 0, ...(interesting[random(interesting.length)] ?? []));
        break;
      case 5: {
        const from = random(bytes.length + 1);
        bytes.splice(at, 0, ...bytes.slice(from, from + random(64)));
        break;
      }
      default:
        for (const [i, byte] of interesting[random(interesting.length)]!.entries()) {
          if (at + i < bytes.length) bytes[at + i] = byte;
        }
    }
  }
  return Uint8Array.from(bytes);
}

/** Runs a reader on many mutations. Returns how many were refused. */
function fuzz(
  count: number,
  seed: number,
  bases: readonly Uint8Array[],
  read: (bytes: Uint8Array, base: number) => void,
): number {
  let refused = 0;
  const readsOrRefuses = (gen: fc.GeneratorValue): void => {
    const random = (below: number): number => gen(fc.nat, below - 1);
    const base = random(bases.length);
    const bytes = mutate(bases[base]!, random);
    const started = performance.now();
    try {
      read(bytes, base);
    } catch (error) {
      if (!(error instanceof BenchFormatError)) throw error;
      expect(Number.isInteger(error.offset) && error.offset >= 0).toBe(true);
      if (error.offsetIn === 'file') expect(error.offset).toBeLessThanOrEqual(bytes.length);
      refused++;
    }
    if (performance.now() - started > slowestMs) throw new Error('took too long');
  };
  // A time of its own would be shrunk to another case: what failed first is what is shown.
  fc.assert(fc.property(fc.gen(), readsOrRefuses), { numRuns: count, seed, endOnFailure: true });
  return refused;
}

describe(`fuzz, ${rounds} rounds`, () => {
  test('a mutated pickle gives a value or a typed error with its byte, in bounded memory', () => {
    const before = process.memoryUsage().rss;
    const tape = new PickleTape();
    const refused = fuzz(Math.ceil(rounds / 2), 1, pickles, (bytes, base) => {
      if (base === pickles.length - 1) {
        const columns = new Columns();
        const machine = new PickleMachine(memorySource(bytes), {
          entries: {
            of: key('arch2infos'),
            onEntry: (index, value) =>
              addArchitecture(columns, index, value, { schedules: simpleSchedules, offset: 0 }),
          },
        });
        machine.run();
        return;
      }
      addArchitecture(new Columns(), 0, readPickle(bytes, defaultLimits, tape), {
        schedules: simpleSchedules,
        offset: 0,
      });
    });
    expect(refused).toBeGreaterThan(rounds / 10);
    expect(process.memoryUsage().rss - before).toBeLessThan(memoryBound);
  }, 3_600_000);

  test('a mutated bzip2 stream gives the same bytes or a typed error with its byte, in bounded memory', () => {
    const before = process.memoryUsage().rss;
    const bases = packed.map(({ bytes }) => bytes);
    const refused = fuzz(Math.floor(rounds / 2), 1_000_000, bases, (bytes, base) => {
      const unpacked = decompress(bytes);
      // What passes the checksums is the text, or several of them where a whole stream was doubled.
      const text = packed[base]!.unpacked;
      for (let at = 0; at < unpacked.length; at += text.length) {
        expect(Buffer.compare(unpacked.subarray(at, at + text.length), text)).toBe(0);
      }
    });
    expect(refused).toBeGreaterThan(rounds / 10);
    expect(process.memoryUsage().rss - before).toBeLessThan(memoryBound);
  }, 3_600_000);
});
