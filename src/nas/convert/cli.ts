#!/usr/bin/env node
/** `nas-bench`: from the raw NAS-Bench-201 files to a table, for people who want only this. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, styleText } from 'node:util';
import { bytesText, durationText, numberText, percentText } from '../../lib/format.ts';
import { BenchFormatError, BenchInputError } from '../../lib/format-error.ts';
import { parsePolicy } from '../benchmark/policy.ts';
import { type Converted, type ConvertOptions, convertBenchmark, type Progress } from './convert.ts';
import { type Exported, type ExportFormat, exportFormats, exportTable } from './export.ts';
import { defaultPolicies, type PolicySummary, seedCounts, summarise } from './summary.ts';

const help = `Usage: nas-bench FILE|FOLDER [options]

Turns the raw NAS-Bench-201 files into a table: the NATS-tss "simple" folder (NATS-tss-v1_0-3ffb9-simple), a tar or zip
of it, or NAS-Bench-201-v1_1-096897.pth / v1_0-e61699.pth. Then says what the table can answer.

Options:
  --out DIR          folder for bench.FORMAT and arch.FORMAT (default: .)
  --format FORMAT    arrow, csv or parquet (default: arrow); compact: nb201_compact.csv, seed means only
  --policy POLICY    dataset[@12]/split/epochs/seeds to summarise; may be repeated
                     epochs: last, last3 or a number; seeds: mean or a number
  --best N           architectures to show for each policy (default: 3)
  --skip-bad         go on without files that cannot be read, and list them
  --threads N        threads to use (default: one per core)
  --json             print the summary as JSON
  -h, --help

Examples:
  nas-bench NATS-tss-v1_0-3ffb9-simple --out tables
  nas-bench NAS-Bench-201-v1_1-096897.pth --format parquet
  nas-bench NATS-tss-v1_0-3ffb9-simple.tar --policy cifar10-valid/x-valid/last/mean --json

An interrupted conversion goes on where it stopped when the same command is given again.
Exit codes: 0 done, 1 a file cannot be read, 2 wrong usage, 130 interrupted.
`;

/** The gaps that the paper gives for its benchmark table (section 3.2), in % points. */
const paperGaps = { policy: 'cifar10-valid/train/last3/mean', all: 0.013, withoutSkip: 0.027 };

class UsageError extends Error {}

interface Arguments {
  readonly path: string;
  readonly out: string;
  readonly format: ExportFormat;
  readonly policies: readonly string[];
  readonly best: number;
  readonly skipBad: boolean;
  readonly threads: number | null;
  readonly json: boolean;
}

async function main(argv: readonly string[]): Promise<number> {
  let options: Arguments | null;
  try {
    options = readArguments(argv);
  } catch (error) {
    process.stderr.write(`nas-bench: ${error instanceof Error ? error.message : error}\n`);
    process.stderr.write("Try 'nas-bench --help'.\n");
    return 2;
  }
  if (options === null) {
    process.stdout.write(help);
    return 0;
  }
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    return await run(options, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) {
      process.stderr.write('\nInterrupted. Give the same command again to go on from here.\n');
      return 130;
    }
    if (error instanceof BenchInputError) {
      process.stderr.write(`nas-bench: ${error.message}\n${error.hint}\n`);
      return 2;
    }
    if (!(error instanceof BenchFormatError)) throw error;
    process.stderr.write(`\nnas-bench: ${error.message}\n`);
    process.stderr.write('Fetch the file again, or go on without it: --skip-bad\n');
    return 1;
  } finally {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
  }
}

/** Throws UsageError; null: help was asked for. */
function readArguments(argv: readonly string[]): Arguments | null {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      out: { type: 'string', default: '.' },
      format: { type: 'string', default: 'arrow' },
      policy: { type: 'string', multiple: true },
      best: { type: 'string', default: '3' },
      'skip-bad': { type: 'boolean', default: false },
      threads: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) throw new UsageError('give one file or folder');
  const format = exportFormats.find((known) => known === values.format);
  if (!format) throw new UsageError(`--format ${values.format}: use ${exportFormats.join(', ')}`);
  const count = (name: string, text: string, least: number): number => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < least)
      throw new UsageError(`--${name} ${text}: a number from ${least}`);
    return number;
  };
  const policies = values.policy ?? defaultPolicies;
  for (const policy of policies) parsePolicy(policy);
  return {
    path,
    format,
    policies,
    out: values.out,
    best: count('best', values.best, 1),
    threads: values.threads === undefined ? null : count('threads', values.threads, 1),
    skipBad: values['skip-bad'],
    json: values.json,
  };
}

async function run(options: Arguments, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  mkdirSync(options.out, { recursive: true });
  const resumeFolder = join(options.out, '.nas-bench-parts');
  const show = progressLine();
  const convertOptions: ConvertOptions = {
    signal,
    resumeFolder,
    skipBad: options.skipBad,
    onProgress: show,
    ...(options.threads !== null && { threads: options.threads }),
  };
  const converted = await convertBenchmark(options.path, convertOptions);
  show(null);
  const files = await exportTable(converted.table, options.out, options.format);
  rmSync(resumeFolder, { recursive: true, force: true });
  const policies = summarise(converted.table, options.policies, options.best);
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    options.json
      ? `${JSON.stringify(asJson(converted, files, policies, seconds), null, 2)}\n`
      : asText(converted, files, policies, seconds),
  );
  return 0;
}

/** Shows progress on standard error: one line that is redrawn, or ten lines where that is not a terminal. */
function progressLine(): (progress: Progress | null) => void {
  const isLive = process.stderr.isTTY === true;
  let shown = -1;
  return (progress) => {
    if (progress === null) {
      if (isLive) process.stderr.write('\r\x1b[K');
      return;
    }
    const share = progress.totalBytes === 0 ? 1 : progress.bytes / progress.totalBytes;
    const step = Math.floor(share * (isLive ? 1000 : 10));
    if (step === shown) return;
    shown = step;
    const of = progress.total === null ? '' : ` of ${numberText(progress.total)}`;
    const line = `${percentText(share)}  ${numberText(progress.done)}${of} architectures`;
    process.stderr.write(isLive ? `\r\x1b[K${line}` : `${line}\n`);
  };
}

const percent = (value: number | null) => (value === null ? 'n/a' : `${numberText(value, 3)} %`);

function asText(
  { table, bad, notes, resumed }: Converted,
  files: readonly Exported[],
  policies: readonly PolicySummary[],
  seconds: number,
): string {
  const bold = (text: string) => styleText('bold', text);
  const total = table.archs.length;
  const lines = files.map(
    ({ file, rows, bytes }) => `${bold(file)}  ${numberText(rows)} rows, ${bytesText(bytes)}`,
  );
  const again = resumed > 0 ? `, ${numberText(resumed)} of them from an earlier run` : '';
  lines.push(`${numberText(total)} architectures in ${durationText(seconds * 1000)}${again}`, '');
  for (const dataset of new Set(table.series.map(([name]) => name))) {
    const counts = [...seedCounts(table, dataset, 200)];
    if (counts.length === 0) continue;
    const text = counts.map(([seeds, count]) => `${seeds}: ${numberText(count)}`).join(', ');
    lines.push(`seeds of ${dataset}, 200 epochs: ${text} architectures`);
  }
  lines.push('');
  for (const { policy, count, best, gap, gapWithoutSkip } of policies) {
    const missing = count === total ? '' : `, ${numberText(total - count)} lack it`;
    lines.push(`${bold(policy)}  ${numberText(count)} architectures${missing}`);
    for (const { index, ops, accuracy } of best) {
      lines.push(`  ${numberText(accuracy, 3)} %  index ${index}, operations ${ops}`);
    }
    if (policy === paperGaps.policy) {
      lines.push(
        `  best to 10th best: ${percent(gap)} (paper ${paperGaps.all} %); ` +
          `without skip: ${percent(gapWithoutSkip)} (paper ${paperGaps.withoutSkip} %)`,
      );
    }
  }
  if (notes.length > 0) {
    lines.push(
      '',
      `${numberText(notes.length)} architectures whose file disagrees with their own cost, such as:`,
    );
    lines.push(...notes.slice(0, 3).map((note) => `  ${note}`));
  }
  if (bad.length > 0) {
    lines.push('', `${styleText('red', `${numberText(bad.length)} skipped`)}:`);
    lines.push(
      ...bad.map(
        ({ file, reason, offset, offsetIn }) =>
          `  ${new BenchFormatError(reason, offset, offsetIn, file).message}`,
      ),
    );
  }
  return `${lines.join('\n')}\n`;
}

function asJson(
  { table, bad, notes, resumed }: Converted,
  files: readonly Exported[],
  policies: readonly PolicySummary[],
  seconds: number,
): object {
  return {
    architectures: table.archs.length,
    rows: table.length,
    seconds,
    cpuSeconds: cpuSeconds(),
    peakMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    resumed,
    files,
    policies: policies.map((summary) => ({
      ...summary,
      missing: table.archs.length - summary.count,
      ...(summary.policy === paperGaps.policy && {
        paper: { gap: paperGaps.all, gapWithoutSkip: paperGaps.withoutSkip },
      }),
    })),
    seeds: Object.fromEntries(
      [...new Set(table.series.map(([dataset]) => dataset))].map((dataset) => [
        dataset,
        Object.fromEntries(seedCounts(table, dataset, 200)),
      ]),
    ),
    skipped: bad,
    notes,
  };
}

/** Of all threads. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

// Last, so that every constant above is there.
process.exitCode = await main(process.argv.slice(2));
