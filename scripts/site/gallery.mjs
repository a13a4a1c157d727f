// The reports of the gallery: each pipeline is run where nothing else is, as `pipe init --template` writes it.

import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The pipelines, and what each run is told besides. */
const pipelines = {
  python: [],
  typescript: [],
  shell: [],
  sweep: [],
  data: [],
  cluster: ['--profile', 'cluster'],
};

/** A CI would take these runs for its own: they have a log and annotations of nobody. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name !== 'CI' && !name.startsWith('GITHUB_')),
);

/**
 * Writes NAME.html for each into `folder`. Names those that this machine cannot run.
 * @param {string} root of the checkout, built
 * @param {string} folder
 * @returns {Promise<readonly string[]>}
 */
export async function galleryReports(root, folder) {
  const pipe = join(root, 'dist/pipe.cjs');
  if (!existsSync(pipe)) throw new Error('dist/pipe.cjs is not there: npm run build');
  mkdirSync(folder, { recursive: true });
  const leftOut = spawnSync('python3', ['-c', 'import ast']).status === 0 ? [] : ['python'];
  for (const [name, more] of Object.entries(pipelines)) {
    if (leftOut.includes(name)) continue;
    const project = mkdtempSync(join(tmpdir(), `pipe-gallery-${name}-`));
    try {
      await run(process.execPath, [pipe, 'init', '--template', name], { cwd: project, env });
      await run(process.execPath, [pipe, 'run', '-q', ...more], { cwd: project, env });
      cpSync(join(project, 'reports/index.html'), join(folder, `${name}.html`));
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  }
  return leftOut;
}
