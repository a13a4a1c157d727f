/** Finished parts of a conversion on disk, so that an interrupted one goes on. Only an accelerator: may be deleted. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { replaceFile } from '../../lib/replace-file.ts';
import type { ColumnData } from '../benchmark/columns.ts';
import type { ResumePoint } from '../pickle/segments.ts';
import type { BadFile } from './members.ts';

export interface FinishedPart {
  readonly data: ColumnData;
  readonly bad: readonly BadFile[];
  readonly next: ResumePoint | null;
}

export interface FinishedParts {
  /** The part of this number, if it is whole and was made from the same input (`key`). */
  load(number: number, key: string): FinishedPart | null;
  save(number: number, key: string, part: FinishedPart): void;
}

/** Changes whenever what a part holds does. */
const layout = 'nas-bench part 1';

export function partsIn(folder: string): FinishedParts {
  mkdirSync(folder, { recursive: true });
  const file = (number: number) => join(folder, `part-${String(number).padStart(5, '0')}.bin`);
  const digest = (data: Uint8Array | string) => createHash('sha256').update(data).digest();
  /** A file is the digest of its input's key, the digest of its body, the body. */
  return {
    load(number, key) {
      let bytes: Buffer;
      try {
        bytes = readFileSync(file(number));
      } catch {
        return null;
      }
      const body = bytes.subarray(64);
      const isSame = bytes.subarray(0, 32).equals(digest(layout + key));
      // A part cut short by a crash, or of another input, is made anew.
      if (!isSame || !bytes.subarray(32, 64).equals(digest(body))) return null;
      return deserialize(body) as FinishedPart;
    },
    save(number, key, part) {
      const body = serialize(part);
      replaceFile(file(number), Buffer.concat([digest(layout + key), digest(body), body]));
    },
  };
}
