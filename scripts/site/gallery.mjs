// The reports of the gallery: each pipeline is run where nothing else is, as `pipe init --template` writes it.

import { execFile } from 'node:child_process';
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

/**
 * Writes NAME.html for each into `folder`.
 * @param {string} root of the checkout, built
 * @param {string} folder
 */
export async function galleryReports(root, folder) {
  const pipe = join(root, 'dist/pipe.cjs');
  if (!existsSync(pipe)) throw new Error('dist/pipe.cjs is not there: npm run build');
  mkdirSync(folder, { recursive: true });
  for (const [name, more] of Object.entries(pipelines)) {
    const project = mkdtempSync(join(tmpdir(), `pipe-gallery-${name}-`));
    try {
      await run(process.execPath, [pipe, 'init', '--template', name], { cwd: project });
      await run(process.execPath, [pipe, 'run', '-q', ...more], { cwd: project });
      cpSync(join(project, 'reports/index.html'), join(folder, `${name}.html`));
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  }
}
