/** The nas-bench command as a user meets it: its files, its words and its exit codes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC } from '@uwdata/flechette';
import { build } from 'esbuild';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import golden from '../../golden/bench/rows.json' with { type: 'json' };
import { realFiles } from '../../kit/real-data.ts';

let temp: string;
let command: string;

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

const columns = ['index', 'dataset', 'split', 'hp', 'epoch', 'seed', 'accuracy', 'loss'] as const;

describe.skipIf(!existsSync(realFiles))('nas-bench (skipped without the sample of real data)', () => {
  beforeAll(async () => {
    // Below node_modules' parent, so that packages are found.
    mkdirSync('node_modules/.cache', { recursive: true });
    temp = mkdtempSync('node_modules/.cache/nas-bench-');
    command = join(temp, 'nas-bench.js');
    await build({
      entryPoints: {
        'nas-bench': 'src/nas/convert/cli.ts',
        'convert.worker': 'src/nas/convert/convert.worker.ts',
      },
      outdir: temp,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      chunkNames: 'chunks/[name]-[hash]',
    });
  });
  afterAll(() => rmSync(temp, { recursive: true }));

  test('Arrow, Parquet and CSV hold the same rows, to the bit', async () => {
    for (const format of ['arrow', 'parquet', 'csv']) {
      expect(run(realFiles, '--out', join(temp, 'out'), '--format', format).status).toBe(0);
    }
    const arrow = tableFromIPC(readFileSync(join(temp, 'out/bench.arrow'))).toArray();
    expect(arrow.map((row) => columns.map((column) => row[column]))).toEqual(golden.rows);

    const parquet = readFileSync(join(temp, 'out/bench.parquet'));
    const rows = await parquetReadObjects({ file: new Uint8Array(parquet).buffer });
    expect(rows.map((row) => columns.map((column) => row[column]))).toEqual(golden.rows);

    const script = `import csv, json, sys
rows = csv.DictReader(open(sys.argv[1]))
print(json.dumps([[int(r["index"]), r["dataset"], r["split"], int(r["hp"]), int(r["epoch"]), int(r["seed"]), float(r["accuracy"]), float(r["loss"])] for r in rows]))`;
    const csv = execFileSync('python3', ['-c', script, join(temp, 'out/bench.csv')], { encoding: 'utf8' });
    expect(JSON.parse(csv)).toEqual(golden.rows);
    expect(existsSync(join(temp, 'out/.nas-bench-parts'))).toBe(false);
  });

  test('the summary says what each policy has and what it lacks', () => {
    const { status, stdout } = run(
      realFiles,
      '--out',
      temp,
      '--json',
      '--policy',
      'cifar10-valid/ori-test/last3/mean',
    );
    expect(status).toBe(0);
    const summary = JSON.parse(stdout);
    expect(summary.architectures).toBe(2);
    expect(summary.seeds['cifar10-valid']).toEqual({ 3: 2 });
    // The test set was measured at the last epoch only: a mean over three does not exist, and is not made up.
    expect(summary.policies[0]).toMatchObject({ count: 0, missing: 2, best: [] });
    const known = JSON.parse(run(realFiles, '--out', temp, '--json').stdout).policies;
    expect(known[0]).toMatchObject({ policy: 'cifar10-valid/x-valid/last/mean', count: 2, missing: 0 });
    expect(known[0].best[1].accuracy).toBeCloseTo(81.9827, 4);
  });

  test('the paper’s gaps stand beside those of the file', () => {
    expect(run(realFiles, '--out', temp).stdout).toContain(
      'best to 10th best: n/a (paper 0.013 %); without skip: n/a (paper 0.027 %)',
    );
  });

  test('a broken file ends it with exit code 1 and its byte; --skip-bad lists it', () => {
    const folder = join(temp, 'broken');
    mkdirSync(folder);
    writeFileSync(join(folder, '000000.pickle.pbz2'), 'BZh9 but no more');
    const refused = run(folder, '--out', temp);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(
      '000000.pickle.pbz2: neither a bzip2 block nor the end of a stream (at byte 4)',
    );
    expect(refused.stderr).toContain('--skip-bad');
    const skipped = run(folder, '--out', temp, '--skip-bad');
    expect(skipped.status).toBe(0);
    expect(skipped.stdout).toContain('1 skipped');
    expect(skipped.stdout).toContain('(at byte 4)');
  });

  test('wrong usage is exit code 2 and says what is right', () => {
    expect(run().status).toBe(2);
    expect(run(realFiles, '--format', 'xml').stderr).toContain('arrow, csv, parquet, compact');
    expect(run(realFiles, '--policy', 'best').stderr).toContain("'best' is no policy");
    expect(run('nowhere', '--out', temp)).toMatchObject({ status: 2 });
    expect(run('--help').stdout).toContain('Examples:');
  });
});
