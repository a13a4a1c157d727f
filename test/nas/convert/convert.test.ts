/** From raw files to rows: what is in them, what is missing, what is broken, and how it goes on after a stop. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BenchFormatError, BenchInputError } from '../../../src/lib/format-error.ts';
import { benchRows } from '../../../src/nas/benchmark/columns.ts';
import { type ConvertOptions, convertBenchmark } from '../../../src/nas/convert/convert.ts';
import golden from '../../golden/bench/rows.json' with { type: 'json' };
import { realFiles } from '../../kit/real-data.ts';

const names = ['meta', '000000', '000284'].map((name) => `${name}.pickle.pbz2`);
let temp: string;
let folder: string;
let worker: string;

const convert = (path: string, options: ConvertOptions = {}) =>
  convertBenchmark(path, { threads: 0, ...options });

const rowsOf = async (path: string, options: ConvertOptions = {}) => {
  const { table } = await convert(path, options);
  return [...benchRows(table)].map((row) => [
    row.index,
    row.dataset,
    row.split,
    row.hp,
    row.epoch,
    row.seed,
    row.accuracy,
    row.loss,
  ]);
};

describe.skipIf(!existsSync(realFiles))('conversion (skipped without the sample of real data)', () => {
  beforeAll(async () => {
    temp = mkdtempSync(join(tmpdir(), 'nas-bench-'));
    worker = join(temp, 'convert.worker.mjs');
    await build({
      entryPoints: ['src/nas/convert/convert.worker.ts'],
      outfile: worker,
      bundle: true,
      format: 'esm',
      platform: 'node',
    });
  });
  afterAll(() => rmSync(temp, { recursive: true }));
  beforeEach(() => {
    folder = mkdtempSync(join(temp, 'raw-'));
    for (const name of names) copyFileSync(join(realFiles, name), join(folder, name));
  });

  test('the real files come out exactly, seeds and epochs as they are', async () => {
    expect(await rowsOf(realFiles)).toEqual(golden.rows);
    const { table, bad, notes } = await convert(realFiles);
    expect(bad).toEqual([]);
    for (const [i, arch] of golden.archs.entries()) {
      expect(table.archs[i]).toMatchObject({ index: arch.index, params: arch.params, flops: arch.flops });
      expect(table.archs[i]!.latency).toBeCloseTo(arch.latency, 12);
      expect(table.archs[i]!.trainSeconds).toBeCloseTo(arch.trainSeconds, 6);
    }
    // Both files agree with the parameters and FLOPs that their architectures have.
    expect(notes).toEqual([]);
  });

  test('worker threads give the same rows', async () => {
    expect(await rowsOf(folder, { threads: 2, startWorker: () => new Worker(worker) })).toEqual(golden.rows);
  });

  test('a tar and a zip of the folder give the same rows', async () => {
    const tar = join(temp, 'raw.tar');
    execFileSync('tar', ['-cf', tar, '-C', join(folder, '..'), folder.slice(folder.lastIndexOf('/') + 1)]);
    expect(await rowsOf(tar)).toEqual(golden.rows);
    for (const method of ['ZIP_STORED', 'ZIP_DEFLATED']) {
      const zip = join(temp, `${method}.zip`);
      const script = `import zipfile, sys\nz = zipfile.ZipFile(sys.argv[1], "w", zipfile.${method})\nfor n in sys.argv[3:]: z.write(sys.argv[2] + "/" + n, "NATS/" + n)\nz.close()`;
      execFileSync('python3', ['-c', script, zip, folder, ...names]);
      expect(await rowsOf(zip)).toEqual(golden.rows);
    }
  });

  test('a truncated file is named with the byte at which it ends', async () => {
    const file = join(folder, names[1]!);
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, 40_000));
    const error = await convert(folder).catch((reason) => reason);
    expect(error).toBeInstanceOf(BenchFormatError);
    expect(error.message).toBe(`${file}: the bzip2 data ends too early (at byte 40000)`);
  });

  test('a flipped bit is found by the checksum', async () => {
    const file = join(folder, names[2]!);
    const bytes = readFileSync(file);
    bytes[50_000]! ^= 16;
    writeFileSync(file, bytes);
    await expect(convert(folder)).rejects.toThrow(BenchFormatError);
  });

  test('skipBad goes on and lists what it skipped', async () => {
    const file = join(folder, names[1]!);
    writeFileSync(file, 'not bzip2');
    const { table, bad } = await convert(folder, { skipBad: true });
    expect(bad).toEqual([{ file, index: 0, offset: 0, offsetIn: 'file', reason: 'not a bzip2 file' }]);
    expect(table.archs.map(({ index }) => index)).toEqual([284]);
  });

  test('a file under another architecture’s number is refused', async () => {
    copyFileSync(join(folder, names[2]!), join(folder, '000005.pickle.pbz2'));
    await expect(convert(folder)).rejects.toThrow('architecture 5 calls itself 284');
  });

  test('a folder without architectures, and a path that is none, say what to give', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await expect(convert(empty)).rejects.toThrow(BenchInputError);
    await expect(convert(join(folder, 'nothing'))).rejects.toThrow('does not exist');
    writeFileSync(join(folder, 'text'), 'hello, this is no benchmark');
    await expect(convert(join(folder, 'text'))).rejects.toThrow(BenchFormatError);
  });

  test('a finished part is not converted again, unless its input changed or the part is damaged', async () => {
    const resumeFolder = join(folder, 'parts');
    expect((await convert(folder, { resumeFolder })).resumed).toBe(0);
    expect((await convert(folder, { resumeFolder })).resumed).toBe(2);
    expect(await rowsOf(folder, { resumeFolder })).toEqual(golden.rows);
    const part = join(resumeFolder, readdirSync(resumeFolder)[0]!);
    const bytes = readFileSync(part);
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(part, bytes);
    expect((await convert(folder, { resumeFolder })).resumed).toBe(0);
    writeFileSync(join(folder, names[1]!), 'changed');
    await expect(convert(folder, { resumeFolder })).rejects.toThrow('not a bzip2 file');
  });

  test('a signal stops it with its reason', async () => {
    const stop = new AbortController();
    const options = { threads: 1, startWorker: () => new Worker(worker), signal: stop.signal };
    const running = convert(folder, { ...options, onProgress: () => stop.abort(new Error('enough')) });
    await expect(running).rejects.toThrow('enough');
  });
});
