/**
 * The same accidents on this tool and its peers: who notices? `npm run compare:trust`. wireit and turbo are installed
 * into a throw-away folder by npm; make and snakemake are taken from the PATH; a peer that is not there is left out.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** One task: reads `inputs`, writes out.txt. */
interface Task {
  readonly command: string;
  readonly inputs: readonly string[];
}

interface Tool {
  readonly name: string;
  readonly version: string;
  /** Writes the tool's own configuration of the task into a folder. */
  configure(folder: string, task: Task): void;
  readonly run: readonly string[];
  /** Folder below which the tool keeps earlier results; null: it keeps none. */
  readonly cache: string | null;
}

/** `refuses`: it did not make the right out, but it failed and so said that something is wrong. */
type Verdict = 'pass' | 'refuses' | 'FAIL' | '–';
type Scenario = (tool: Tool, folder: string) => Promise<Verdict>;

const versions = { wireit: '0.14.13', turbo: '2.11.11' };
const root = mkdtempSync(join(tmpdir(), 'pipe-compare-'));
const peers = join(root, 'peers');
const copy: Task = { command: 'cat in.txt > out.txt', inputs: ['in.txt'] };

const scenarios: Readonly<Record<string, Scenario>> = {
  'an input edited during a run, reverted later': async (tool, folder) => {
    tool.configure(folder, { ...copy, command: 'sleep 2; cat in.txt > out.txt' });
    write(folder, 'in.txt', 'a');
    const running = start(tool, folder);
    // Past the moment at which every one of them has looked at its inputs.
    await setTimeout(1_500);
    write(folder, 'in.txt', 'b');
    await ended(running);
    write(folder, 'in.txt', 'a');
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'a cache entry damaged': async (tool, folder) => {
    if (tool.cache === null) return '–';
    tool.configure(folder, copy);
    write(folder, 'in.txt', 'a');
    await run(tool, folder);
    for (const file of files(join(folder, tool.cache))) {
      const bytes = readFileSync(file);
      // The result itself where it is kept as it is, its archive where it is packed.
      if (bytes.toString('latin1') !== 'a' && !file.endsWith('.zst')) continue;
      rmSync(file);
      writeFileSync(
        file,
        bytes.map((byte, index) => (index === bytes.length >> 1 ? byte ^ 1 : byte)),
      );
    }
    rmSync(join(folder, 'out.txt'), { force: true });
    write(folder, 'in.txt', 'b');
    await run(tool, folder);
    write(folder, 'in.txt', 'a');
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'a cache entry with a file deleted': async (tool, folder) => {
    if (tool.cache === null) return '–';
    tool.configure(folder, copy);
    write(folder, 'in.txt', 'a');
    await run(tool, folder);
    for (const file of files(join(folder, tool.cache)))
      if (readFileSync(file, 'latin1') === 'a' || file.endsWith('.zst')) rmSync(file);
    write(folder, 'in.txt', 'b');
    await run(tool, folder);
    write(folder, 'in.txt', 'a');
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'an out edited, same size and mtime': async (tool, folder) => {
    tool.configure(folder, copy);
    write(folder, 'in.txt', 'a');
    await run(tool, folder);
    await run(tool, folder);
    const out = join(folder, 'out.txt');
    const { atime, mtime } = statSync(out);
    writeFileSync(out, 'X');
    utimesSync(out, atime, mtime);
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'kill -9 in the middle of a task': async (tool, folder) => {
    tool.configure(folder, { ...copy, command: 'printf half > out.txt; sleep 3; cat in.txt > out.txt' });
    write(folder, 'in.txt', 'a');
    const running = start(tool, folder);
    await setTimeout(2_500);
    if (running.pid !== undefined) process.kill(-running.pid, 'SIGKILL');
    await ended(running);
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'a declared input removed': async (tool, folder) => {
    const command = 'cat in.txt other.txt > out.txt 2>/dev/null || true';
    tool.configure(folder, { command, inputs: ['in.txt', 'other.txt'] });
    write(folder, 'in.txt', 'a');
    write(folder, 'other.txt', 'b');
    await run(tool, folder);
    tool.configure(folder, { command, inputs: ['in.txt'] });
    rmSync(join(folder, 'other.txt'));
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'the command changed': async (tool, folder) => {
    tool.configure(folder, copy);
    write(folder, 'in.txt', 'a');
    await run(tool, folder);
    tool.configure(folder, { ...copy, command: 'cat in.txt in.txt > out.txt' });
    const code = await run(tool, folder);
    return judge(code, folder, 'aa');
  },
  'an undeclared variable of the environment': async (tool, folder) => {
    tool.configure(folder, { ...copy, command: 'printf "[$WORD]" > out.txt' });
    write(folder, 'in.txt', 'a');
    await run(tool, folder, { WORD: 'one' });
    await run(tool, folder, { WORD: 'two' });
    // Either it never reaches the task, or the task follows it.
    return ['[]', '[two]'].includes(read(folder, 'out.txt')) ? 'pass' : 'FAIL';
  },
};

try {
  const tools = [pipeTool(), ...npmTools(), ...systemTools()];
  const rows = [['', ...tools.map(({ name, version }) => `${name} ${version}`)]];
  for (const tool of tools) {
    const folder = mkdtempSync(join(root, 'task-'));
    tool.configure(folder, copy);
    write(folder, 'in.txt', 'a');
    const code = await run(tool, folder);
    if (code !== 0 || read(folder, 'out.txt') !== 'a')
      throw new Error(`${tool.name} does not even run: ${code}`);
  }
  for (const [name, scenario] of Object.entries(scenarios)) {
    const row = [name];
    for (const tool of tools) {
      const folder = mkdtempSync(join(root, 'task-'));
      row.push(await scenario(tool, folder));
    }
    rows.push(row);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows)
    console.log(
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    );
  console.log('refuses: ends with an error instead of the right out');
  console.log('–: the tool keeps no cache that could be damaged');
  if (rows.slice(1).some((row) => row[1] === 'FAIL')) process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}

function pipeTool(): Tool {
  const program = join(process.cwd(), 'dist/pipe.js');
  if (!existsSync(program)) throw new Error('dist/pipe.js is missing: npm run build');
  return {
    name: 'pipe',
    version: JSON.parse(readFileSync('package.json', 'utf8')).version,
    run: [process.execPath, program, 'run', '-q'],
    cache: 'cache/objects',
    configure(folder, { command, inputs }) {
      const deps = Object.fromEntries(inputs.map((input) => [input.replace('.txt', ''), input]));
      const outs = { out: { path: 'out.txt', place: 'out.txt' } };
      const cmd = command.replaceAll('out.txt', '${outs.out}');
      write(folder, 'pipeline.yaml', JSON.stringify({ version: 1, stages: { task: { cmd, deps, outs } } }));
    },
  };
}

function npmTools(): readonly Tool[] {
  mkdirSync(peers, { recursive: true });
  writeFileSync(join(peers, 'package.json'), '{"private": true}');
  const wanted = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  const installed = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...wanted], {
    cwd: peers,
    encoding: 'utf8',
  });
  if (installed.status !== 0) {
    console.error(`wireit and turbo are left out: ${installed.stderr.trim().split('\n').at(-1)}`);
    return [];
  }
  const bin = (name: string) => join(peers, 'node_modules/.bin', name);
  return [
    {
      name: 'wireit',
      version: versions.wireit,
      run: ['npm', 'run', '--silent', 'task'],
      cache: '.wireit',
      configure(folder, { command, inputs }) {
        const task = { command, files: inputs, output: ['out.txt'] };
        const manifest = { scripts: { task: 'wireit' }, wireit: { task } };
        write(folder, 'package.json', JSON.stringify(manifest));
        write(folder, 'package-lock.json', '{"lockfileVersion": 3}');
      },
    },
    {
      name: 'turbo',
      version: versions.turbo,
      run: [bin('turbo'), 'run', 'task'],
      cache: '.turbo/cache',
      configure(folder, { command, inputs }) {
        const manifest = { name: 'one', packageManager: 'npm@10.8.2', scripts: { task: command } };
        write(folder, 'package.json', JSON.stringify(manifest));
        write(
          folder,
          'package-lock.json',
          '{"name": "one", "lockfileVersion": 3, "packages": {"": {"name": "one"}}}',
        );
        write(folder, 'turbo.json', JSON.stringify({ tasks: { task: { inputs, outputs: ['out.txt'] } } }));
      },
    },
  ];
}

function systemTools(): readonly Tool[] {
  const tools: Tool[] = [];
  const make = versionOf('make', /Make ([\d.]+)/);
  if (make !== null)
    tools.push({
      name: 'make',
      version: make,
      run: ['make', '-s', 'out.txt'],
      cache: null,
      configure(folder, { command, inputs }) {
        write(folder, 'Makefile', `out.txt: ${inputs.join(' ')}\n\t${command.replaceAll('$', '$$$$')}\n`);
      },
    });
  const snakemake = versionOf('snakemake', /([\d.]+)/);
  if (snakemake !== null)
    tools.push({
      name: 'snakemake',
      version: snakemake,
      run: ['snakemake', '--cores', '1', '--quiet', '--rerun-incomplete', 'out.txt'],
      cache: null,
      configure(folder, { command, inputs }) {
        const shell = JSON.stringify(command.replaceAll('{', '{{').replaceAll('}', '}}'));
        const names = inputs.map((input) => JSON.stringify(input)).join(', ');
        write(
          folder,
          'Snakefile',
          `rule task:\n    input: ${names}\n    output: "out.txt"\n    shell: ${shell}\n`,
        );
      },
    });
  return tools;
}

function versionOf(program: string, pattern: RegExp): string | null {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (pattern.exec(stdout)?.[1] ?? '?') : null;
}

function start(
  { run: [file = '', ...args] }: Tool,
  folder: string,
  env: Record<string, string> = {},
): ChildProcess {
  return spawn(file, args, {
    cwd: folder,
    detached: true,
    stdio: 'ignore',
    env: {
      ...process.env,
      PATH: `${join(peers, 'node_modules/.bin')}:${process.env.PATH}`,
      TURBO_TELEMETRY_DISABLED: '1',
      DO_NOT_TRACK: '1',
      NO_UPDATE_NOTIFIER: '1',
      ...env,
    },
  });
}

function ended(child: ChildProcess): Promise<number | null> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve(child.exitCode)
    : new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

async function run(tool: Tool, folder: string, env: Record<string, string> = {}): Promise<number | null> {
  // Tools that go by a coarse clock get a chance.
  await setTimeout(50);
  return ended(start(tool, folder, env));
}

function judge(code: number | null, folder: string, expected: string): Verdict {
  if (read(folder, 'out.txt') === expected) return 'pass';
  return code === 0 ? 'FAIL' : 'refuses';
}

function read(folder: string, path: string): string {
  return existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : '';
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function files(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
