// The pipelines to start from, which the package holds as they are.

import { cpSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Copies them into `folder`/templates.
 * @param {string} root the checkout
 * @param {string} folder where the bundle is
 */
export function copyTemplates(root, folder) {
  cpSync(join(root, 'templates'), join(folder, 'templates'), {
    recursive: true,
    filter: (path) => !path.includes('__pycache__'),
  });
}
