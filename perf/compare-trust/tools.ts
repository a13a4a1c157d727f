/** The tools that are compared, each with its own way to say the same task. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { peers, type Tool, write } from './tool.ts';

const versions = { wireit: '0.14.13', turbo: '2.11.11', nx: '24.0.6' };

export function pipeTool(): Tool {
  const program = join(process.cwd(), 'dist/pipe.cjs');
  if (!existsSync(program)) throw new Error('dist/pipe.cjs is missing: npm run build');
  return {
    name: 'pipe',
    version: JSON.parse(readFileSync('package.json', 'utf8')).version,
    run: [process.execPath, program, 'run', '-q'],
    cache: 'cache/objects',
    configure(folder, { command, inputs, folder: out = 'out.txt' }) {
      const deps = Object.fromEntries(inputs.map((input) => [input.replace('.txt', ''), input]));
      const outs = { out: { path: out, place: out } };
      const cmd = command.replaceAll(out, '${outs.out}');
      write(folder, 'pipeline.yaml', JSON.stringify({ version: 1, stages: { task: { cmd, deps, outs } } }));
    },
  };
}

export function npmTools(): readonly Tool[] {
  mkdirSync(peers, { recursive: true });
  writeFileSync(join(peers, 'package.json'), '{"private": true}');
  const wanted = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  const installed = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...wanted], {
    cwd: peers,
    encoding: 'utf8',
  });
  if (installed.status !== 0) {
    console.error(`wireit, turbo and nx are left out: ${installed.stderr.trim().split('\n').at(-1)}`);
    return [];
  }
  const bin = (name: string) => join(peers, 'node_modules/.bin', name);
  return [
    {
      name: 'wireit',
      version: versions.wireit,
      run: ['npm', 'run', '--silent', 'task'],
      cache: '.wireit',
      configure(folder, { command, inputs, folder: out }) {
        const task = { command, files: inputs, output: [out === undefined ? 'out.txt' : `${out}/**`] };
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
      configure(folder, { command, inputs, folder: out }) {
        const outputs = [out === undefined ? 'out.txt' : `${out}/**`];
        const manifest = { name: 'one', packageManager: 'npm@10.8.2', scripts: { task: command } };
        write(folder, 'package.json', JSON.stringify(manifest));
        write(
          folder,
          'package-lock.json',
          '{"name": "one", "lockfileVersion": 3, "packages": {"": {"name": "one"}}}',
        );
        write(folder, 'turbo.json', JSON.stringify({ tasks: { task: { inputs, outputs } } }));
      },
    },
    nxTool(bin('nx')),
  ];
}

function nxTool(program: string): Tool {
  return {
    name: 'nx',
    version: versions.nx,
    run: [program, 'run', 'one:task'],
    cache: '.nx/cache',
    configure(folder, { command, inputs, folder: out = 'out.txt' }) {
      const inProject = (path: string) => `{projectRoot}/${path}`;
      const task = {
        executor: 'nx:run-commands',
        cache: true,
        inputs: inputs.map(inProject),
        outputs: [inProject(out)],
        options: { command },
      };
      write(folder, 'package.json', JSON.stringify({ name: 'one', private: true }));
      write(folder, 'project.json', JSON.stringify({ name: 'one', targets: { task } }));
      write(folder, 'nx.json', JSON.stringify({ neverConnectToCloud: true, useDaemonProcess: false }));
      // It must be installed in the workspace.
      const modules = join(folder, 'node_modules');
      if (!existsSync(modules)) symlinkSync(join(peers, 'node_modules'), modules);
    },
  };
}

export function systemTools(): readonly Tool[] {
  const tools: Tool[] = [];
  const make = versionOf('make', /Make ([\d.]+)/);
  if (make !== null)
    tools.push({
      name: 'make',
      version: make,
      run: ['make', '-s', 'all'],
      cache: null,
      configure(folder, { command, inputs, folder: out = 'out.txt' }) {
        const recipe = command.replaceAll('$', '$$$$');
        write(folder, 'Makefile', `all: ${out}\n${out}: ${inputs.join(' ')}\n\t${recipe}\n`);
      },
    });
  const snakemake = versionOf('snakemake', /([\d.]+)/);
  if (snakemake !== null)
    tools.push({
      name: 'snakemake',
      version: snakemake,
      run: ['snakemake', '--cores', '1', '--quiet', '--rerun-incomplete', 'task'],
      cache: null,
      configure(folder, { command, inputs, folder: out }) {
        const output = out === undefined ? '"out.txt"' : `directory("${out}")`;
        const shell = JSON.stringify(command.replaceAll('{', '{{').replaceAll('}', '}}'));
        const names = inputs.map((input) => JSON.stringify(input)).join(', ');
        write(
          folder,
          'Snakefile',
          `rule task:\n    input: ${names}\n    output: ${output}\n    shell: ${shell}\n`,
        );
      },
    });
  return tools;
}

function versionOf(program: string, pattern: RegExp): string | null {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (pattern.exec(stdout)?.[1] ?? '?') : null;
}
