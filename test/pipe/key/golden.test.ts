/** Keys of a committed pipeline. Another key for the same inputs makes every cell of every project run again. */
import { cpSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fingerprintVersion } from '../../../src/pipe/key/fingerprint.ts';
import { CellsProject } from '../../kit/cells.ts';

const golden = join(import.meta.dirname, '../../golden/fingerprint');
let project: CellsProject;
beforeEach(() => {
  project = new CellsProject(mkdtempSync(join(tmpdir(), 'pipe-golden-')));
  cpSync(golden, project.dir, { recursive: true });
});
afterEach(() => project.remove());

test(`keys of fingerprint version ${fingerprintVersion} do not change`, async () => {
  const env = { GOLDEN_WORD: 'word' };
  await project.run({ env });
  const keys: Record<string, string> = { version: String(fingerprintVersion) };
  for (const [cell, status] of await project.status({ env }))
    if (status.state === 'up-to-date') keys[cell] = status.key;
  // When this must change: raise fingerprintVersion, add a line to CHANGELOG.md, and run vitest with -u.
  await expect(`${JSON.stringify(keys, null, 2)}\n`).toMatchFileSnapshot(join(golden, 'keys.json'));
});

test('every fingerprint version has its line in the changelog', () => {
  const changelog = readFileSync(join(import.meta.dirname, '../../../CHANGELOG.md'), 'utf8');
  for (let version = 1; version <= fingerprintVersion; version++)
    expect(changelog).toMatch(new RegExp(`fingerprint version ${version}\\b`, 'i'));
});
