/**
 * The digest of what a report is about: the pipeline's name, profile and params, and the key of every cell. A report
 * carries it at its beginning, so that a run with nothing to do sees in one short read whether the report is still right.
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../../lib/json.ts';
import { reportFolder } from '../../store/layout.ts';
import { version } from '../../version.ts';

export interface Configuration {
  readonly pipeline: string;
  readonly profile: string | null;
  readonly params: JsonObject;
  /** Cell id → the key of its results in place; null: it has none that the pipeline as it stands would make. */
  readonly keys: Iterable<readonly [string, string | null]>;
}

export function configurationDigest(configuration: Configuration): string {
  const { pipeline, profile, params, keys } = configuration;
  const text = JSON.stringify([version, pipeline, profile, params, [...keys]]);
  return createHash('sha256').update(text).digest('hex');
}

const files = ['index.html', 'report.json', 'junit.xml'];
/** Bytes at the beginning of a report's JSON that hold its digest. */
const beginning = 400;

/** The digest that the report of a pipeline carries; null: a file of it is missing, or it carries none. */
export async function writtenConfiguration(project: string, pipeline: string): Promise<string | null> {
  const folder = join(project, reportFolder(pipeline));
  if (!files.every((name) => existsSync(join(folder, name)))) return null;
  // What cannot be read is not the report that is wanted.
  const file = await open(join(folder, 'report.json')).catch(() => null);
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(beginning), 0, beginning, 0);
    return /"configuration":"([0-9a-f]{64})"/.exec(buffer.toString('latin1', 0, bytesRead))?.[1] ?? null;
  } catch {
    return null;
  } finally {
    await file.close();
  }
}
