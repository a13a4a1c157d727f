// Prints which room imports which, and fails on an arrow that runs back up (rules: .dependency-cruiser.mjs).

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import config from '../.dependency-cruiser.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
const { output } = await cruise(['src', 'stages'], {
  ...config.options,
  validate: true,
  ruleSet: { forbidden: config.forbidden ?? [] },
});

/**
 * The room of a file: `pipe/cell`, `nas/backend/wasm`; `stages`; null outside.
 * @param {string} file
 */
function roomOf(file) {
  if (file.startsWith('stages/')) return 'stages';
  return /^src\/(.+)\/[^/]+$/.exec(file)?.[1] ?? /^src\/(.+)\.ts$/.exec(file)?.[1] ?? null;
}

const arrows = new Map();
if (typeof output === 'string') throw new Error('dependency-cruiser answered with text');
for (const { source, dependencies } of output.modules) {
  const from = roomOf(source);
  if (from === null) continue;
  const to = arrows.get(from) ?? new Set();
  arrows.set(from, to);
  for (const { resolved } of dependencies) {
    const room = roomOf(resolved);
    if (room !== null && room !== from) to.add(room);
  }
}
for (const [room, to] of [...arrows].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${room} → ${[...to].sort().join(', ') || 'nothing'}`);

const { violations, totalCruised } = output.summary;
for (const { rule, from, to, cycle } of violations)
  console.log(
    `${rule.severity}: ${rule.name}: ${from} → ${cycle?.map(({ name }) => name).join(' → ') ?? to}`,
  );
const errors = violations.filter(({ rule }) => rule.severity === 'error').length;
console.log(`${totalCruised} files, ${arrows.size} rooms, ${errors} arrows that run back up`);
process.exitCode = errors > 0 ? 1 : 0;
