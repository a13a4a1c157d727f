/**
 * Plans kept in `cache/index`: an accelerator. A plan holds commands that are run, so that only one is believed which this
 * user's own engine, in this very build, made from this very text.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ignoreFolder } from '../../lib/ignored-folder.ts';
import type { Json } from '../../lib/json.ts';
import { readOwnFile } from '../../lib/regular-file.ts';
import { replaceFile } from '../../lib/replace-file.ts';
import { sha256Of } from '../../lib/sha256.ts';
import { openOwn, sealAsOwn } from '../../lib/user-state.ts';
import { version } from '../version.ts';
import { engineBuild } from './engine-build.ts';
import { type PlannedPipeline, planFromJson, planToJson } from './plan-json.ts';

const limitBytes = 512 * 1024 * 1024;

/** Everything that decides a plan is in its name: `given` is the file's name, its text, the profile and what was set. */
export function rememberedFile(projectDir: string, given: readonly Json[]): string {
  const name = sha256Of(JSON.stringify([engineBuild(), ...given])).slice(0, 32);
  return join(projectDir, 'cache/index', `plan-${name}.json`);
}

export function readRemembered(file: string): PlannedPipeline | null {
  // A plan from source has no version that changes with the code.
  if (version === 'dev') return null;
  try {
    const content = readOwnFile(file, limitBytes);
    const body = typeof content === 'string' ? null : openOwn(file, content.toString('utf8'));
    return body === null ? null : planFromJson(body);
  } catch {
    return null;
  }
}

/** Where it cannot be written, the next command plans again. */
export function remember(file: string, planned: PlannedPipeline): void {
  if (version === 'dev') return;
  const sealed = sealAsOwn(file, planToJson(planned));
  if (sealed === null) return;
  try {
    mkdirSync(dirname(file), { recursive: true });
    ignoreFolder(dirname(dirname(file)));
    replaceFile(file, sealed);
  } catch {}
}
