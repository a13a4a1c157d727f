/** What Python's parser said of a file's content, kept between runs: a file that moved or came back is not read by it again. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Sha256, sha256Of } from '../../../lib/sha256.ts';
import { fileSchema, type PythonFile } from './analysis.ts';

/** More than this many are not kept: those of files that are gone would never leave. */
const mostKnown = 5000;

export class KnownFiles {
  readonly #file: string;
  readonly #version: number;
  #files: Map<string, PythonFile> | undefined;
  #learnt = false;

  /** `version`: of what is asked of the parser. */
  constructor(file: string, version: number) {
    this.#file = file;
    this.#version = version;
  }

  get(content: Sha256): PythonFile | undefined {
    this.#files ??= this.#read();
    const found = this.#files.get(content);
    if (found) {
      // Used last: kept longest.
      this.#files.delete(content);
      this.#files.set(content, found);
    }
    return found;
  }

  add(file: PythonFile): void {
    this.#files ??= this.#read();
    this.#files.set(file.sha256, file);
    this.#learnt = true;
  }

  /** An accelerator: where it cannot be written, the next trace asks Python again. */
  save(): void {
    if (!this.#learnt || !this.#files) return;
    const body = JSON.stringify([this.#version, ...[...this.#files.values()].slice(-mostKnown)]);
    const aside = `${this.#file}.${process.pid}.tmp`;
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      writeFileSync(aside, `${sha256Of(body)}\n${body}\n`);
      renameSync(aside, this.#file);
      this.#learnt = false;
    } catch {}
  }

  #read(): Map<string, PythonFile> {
    try {
      const [checksum, body = ''] = readFileSync(this.#file, 'utf8').split('\n');
      const entries: unknown = sha256Of(body) === checksum ? JSON.parse(body) : null;
      if (!Array.isArray(entries) || entries[0] !== this.#version) return new Map();
      return new Map(
        entries
          .slice(1)
          .map((entry) => fileSchema.parse(entry))
          .map((one) => [one.sha256, one]),
      );
    } catch {
      return new Map();
    }
  }
}
