// The programs in Python that the package holds: the analyser of code, the host of stages and the stage's own module.

import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Copies them into `folder`/python.
 * @param {string} root the checkout
 * @param {string} folder where the bundle is
 */
export function copyPython(root, folder) {
  const target = join(folder, 'python');
  mkdirSync(join(target, 'sdk/pipe_stage'), { recursive: true });
  for (const from of ['src/pipe/trace/python', 'src/pipe/job'])
    for (const name of readdirSync(join(root, from)))
      if (name.endsWith('.py')) cpSync(join(root, from, name), join(target, name));
  for (const name of ['__init__.py', 'py.typed'])
    cpSync(join(root, 'python/src/pipe_stage', name), join(target, 'sdk/pipe_stage', name));
}
