/** The tools that are measured: how each is set up, started and cleaned. What is not installed is left out with a line. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeInputs, writeMake, writeNinja, writePipe, writeTurbo, writeWireit } from './graph.ts';

export interface Tool {
  readonly name: string;
  readonly version: string;
  readonly command: readonly string[];
  /** With more items it takes too long to be waited for: it is left out there. */
  readonly most: number;
  readonly setUp: (folder: string, items: number, word?: string) => void;
  /** What a cold run begins without. */
  readonly made: readonly string[];
  /** The file that one item reads; null: a change of a single item is not measured. */
  readonly leaf: string;
  /** Whether a changed param is something it knows of. */
  readonly params: boolean;
}

const peers = { wireit: '0.14.13', turbo: '2.11.11' };

/** Those of `wanted` that are here; the peers from npm are fetched only when one is asked for. */
export function installedTools(jobs: number, wanted: ReadonlySet<string>): readonly Tool[] {
  const pipe = join(process.cwd(), 'dist/pipe.cjs');
  if (!existsSync(pipe)) throw new Error('dist/pipe.cjs is missing: npm run build');
  const own = (command: readonly string[], name: string): Tool => ({
    name,
    version:
      spawnSync(process.execPath, [pipe, '--version'], { encoding: 'utf8' }).stdout.split(' ')[1] ?? '',
    command,
    most: 100_000,
    setUp: (folder, items, word) => {
      writeInputs(folder, items);
      writePipe(folder, items, word);
    },
    made: ['cache', 'reports'],
    leaf: 'in/0.txt',
    params: true,
  });
  const tools = [
    own([process.execPath, pipe, 'run', '-q', '--no-report', '-j', String(jobs)], 'pipe'),
    system('ninja', ['ninja', `-j${jobs}`], { most: 100_000, setUp: writeNinja, params: true }),
    system('make', ['make', '-s', `-j${jobs}`], { most: 5_000, setUp: writeMake }),
    ...(Object.keys(peers).some((name) => wanted.has(name)) ? npmPeers(jobs) : []),
  ];
  return tools.filter((tool) => tool !== null).filter(({ name }) => wanted.has(name));
}

function system(
  name: string,
  command: readonly string[],
  {
    most,
    setUp,
    made = ['out', '.ninja_log', '.ninja_deps'],
    params = false,
  }: Pick<Tool, 'most' | 'setUp'> & Partial<Tool>,
): Tool | null {
  const { status, stdout } = spawnSync(name, ['--version'], { encoding: 'utf8' });
  if (status !== 0) {
    console.error(`${name} is left out: not installed`);
    return null;
  }
  const version = /[\d.]+/.exec(stdout)?.[0] ?? '';
  const whole: Tool['setUp'] = (folder, items, word) => {
    writeInputs(folder, items);
    setUp(folder, items, word);
  };
  return { name, version, command, most, setUp: whole, made, leaf: 'in/0.txt', params };
}

function npmPeers(jobs: number): readonly Tool[] {
  const folder = mkdtempSync(join(tmpdir(), 'pipe-perf-peers-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  const wanted = Object.entries(peers).map(([name, version]) => `${name}@${version}`);
  const installed = spawnSync('npm', ['install', '--no-audit', '--no-fund', ...wanted], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (installed.status !== 0) {
    console.error(`wireit and turbo are left out: ${installed.stderr.trim().split('\n').at(-1)}`);
    return [];
  }
  const bin = (name: string) => join(folder, 'node_modules/.bin', name);
  return [
    {
      name: 'wireit',
      version: peers.wireit,
      command: [
        'env',
        `WIREIT_PARALLEL=${jobs}`,
        `PATH=${join(folder, 'node_modules/.bin')}:${process.env.PATH}`,
        'npm',
        'run',
        '-s',
        'agg',
      ],
      most: 500,
      setUp: (to, items) => {
        writeInputs(to, items);
        writeWireit(to, items);
      },
      made: ['out', '.wireit'],
      leaf: 'in/0.txt',
      params: false,
    },
    {
      name: 'turbo',
      version: peers.turbo,
      command: [
        bin('turbo'),
        'run',
        'second',
        `--concurrency=${jobs}`,
        '--no-update-notifier',
        '--output-logs=none',
      ],
      most: 500,
      setUp: (to, items) => {
        mkdirSync(to, { recursive: true });
        writeTurbo(to, items);
      },
      made: ['.turbo'],
      leaf: 'items/0/in.txt',
      params: false,
    },
  ];
}
