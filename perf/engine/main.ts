/**
 * What the engine itself costs, beside its peers: `npm run perf:engine -- --json`. The same graph for each tool; the tools
 * take turns in each round, so that what else the machine does meets all alike, and medians are shown.
 * `--items 50,500` (two cells each, and one more), `--rounds 5`, `--jobs 2`, `--tools pipe,ninja`, `--cases no-op,cold`.
 */
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installedTools, type Tool } from './tools.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    items: { type: 'string', default: '50,500' },
    rounds: { type: 'string', default: '5' },
    jobs: { type: 'string', default: '2' },
    tools: { type: 'string', default: 'pipe,ninja,make,wireit,turbo' },
    cases: { type: 'string', default: 'cold,no-op,leaf,cut-off,param' },
  },
});

interface Measured {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Of the largest process. */
  readonly peakMiB: number;
}
interface Row {
  readonly tool: string;
  readonly version: string;
  readonly cells: number;
  readonly case: string;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMiB: number;
  /** Left on disk after the cold run, per cell, outs included. */
  readonly files?: number;
  readonly bytes?: number;
}

/** Prepares a case in a folder in which everything was made. Each time something else than before. */
const cases: Readonly<Record<string, (tool: Tool, folder: string, round: number, items: number) => boolean>> =
  {
    cold: ({ made }, folder) => {
      for (const path of made) rmSync(join(folder, path), { recursive: true, force: true });
      return true;
    },
    'no-op': () => true,
    leaf: ({ leaf }, folder, round) => {
      writeFileSync(join(folder, leaf), `leaf ${round}\n`);
      return true;
    },
    /** Every input is written again with the same bytes. */
    'cut-off': (_, folder) => {
      const inputs = join(folder, 'in');
      try {
        for (const name of readdirSync(inputs)) {
          const file = join(inputs, name);
          writeFileSync(file, readFileSync(file));
        }
        return true;
      } catch {
        return false;
      }
    },
    param: (tool, folder, round, items) => {
      if (tool.params) tool.setUp(folder, items, `word-${round}`);
      return tool.params;
    },
  };

const wanted = new Set(flags.tools.split(','));
const tools = installedTools(Number(flags.jobs), wanted);
const rows: Row[] = [];
const root = mkdtempSync(join(tmpdir(), 'pipe-perf-'));
process.env.XDG_STATE_HOME = join(root, 'state');
try {
  for (const items of flags.items.split(',').map(Number)) measureSize(items);
} finally {
  rmSync(root, { recursive: true, force: true });
}
if (flags.json)
  console.log(JSON.stringify({ node: process.version, jobs: Number(flags.jobs), rows }, null, 2));
else show();

function measureSize(items: number): void {
  const cells = 2 * items + 1;
  const chosen = tools.filter((tool) => {
    if (items <= tool.most) return true;
    console.error(`${tool.name} is left out at ${cells} cells: it takes too long`);
    return false;
  });
  const folders = new Map(chosen.map((tool) => [tool, join(root, `${tool.name}-${items}`)]));
  for (const [tool, folder] of folders) tool.setUp(folder, items);
  for (const name of flags.cases.split(',')) {
    const found = new Map<Tool, Measured[]>(chosen.map((tool) => [tool, []]));
    // A run before, so that each begins from what it left itself.
    if (name !== 'cold')
      for (const [tool, folder] of folders) for (let run = 0; run < 2; run++) measure(tool, folder);
    for (let round = 0; round < Number(flags.rounds); round++)
      for (const [tool, folder] of folders)
        if (cases[name]?.(tool, folder, round, items)) found.get(tool)?.push(measure(tool, folder));
    for (const [tool, measured] of found) {
      if (measured.length === 0) continue;
      const of = (pick: (one: Measured) => number) => median(measured.map(pick));
      rows.push({
        tool: tool.name,
        version: tool.version,
        cells,
        case: name,
        wallMs: of(({ wallMs }) => wallMs),
        cpuMs: of(({ cpuMs }) => cpuMs),
        peakMiB: of(({ peakMiB }) => peakMiB),
        ...(name === 'cold' ? leftPerCell(tool, folders.get(tool) ?? '', cells) : {}),
      });
    }
  }
}

/** By GNU time where there is one, which knows of the children's memory; wall time by our own clock. */
function measure(tool: Tool, folder: string): Measured {
  const report = join(root, 'time.txt');
  const started = performance.now();
  const { status, stderr } = spawnSync('/usr/bin/time', ['-f', '%U %S %M', '-o', report, ...tool.command], {
    cwd: folder,
    encoding: 'utf8',
  });
  const wallMs = performance.now() - started;
  if (status !== 0) throw new Error(`${tool.name} ended with ${status}: ${stderr}`);
  const [user = 0, system = 0, peak = 0] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  return { wallMs, cpuMs: (user + system) * 1000, peakMiB: peak / 1024 };
}

function leftPerCell(tool: Tool, folder: string, cells: number): Pick<Row, 'files' | 'bytes'> {
  let [files, bytes] = [0, 0];
  const seen = new Set<number>();
  const walk = (path: string) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) for (const name of readdirSync(path)) walk(join(path, name));
    else if (stat?.isFile() && !seen.has(stat.ino)) {
      seen.add(stat.ino);
      files++;
      bytes += stat.size;
    }
  };
  for (const path of tool.made) walk(join(folder, path));
  return { files: files / cells, bytes: bytes / cells };
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** A table for docs/performance.md; the ratio is to ninja in the same rounds. */
function show(): void {
  console.log('| cells | case | tool | wall, ms | CPU, ms | peak, MiB | × ninja | files, bytes per cell |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const row of rows) {
    const ninja = rows.find(
      (one) => one.tool === 'ninja' && one.cells === row.cells && one.case === row.case,
    );
    const ratio = ninja ? (row.wallMs / ninja.wallMs).toFixed(1) : '';
    const left = row.files === undefined ? '' : `${row.files.toFixed(1)}, ${row.bytes?.toFixed(0)}`;
    const numbers = [row.wallMs, row.cpuMs, row.peakMiB].map((number) => number.toFixed(0)).join(' | ');
    console.log(
      `| ${row.cells} | ${row.case} | ${row.tool} ${row.version} | ${numbers} | ${ratio} | ${left} |`,
    );
  }
}
