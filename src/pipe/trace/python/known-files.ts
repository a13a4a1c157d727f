/** What Python's parser said of a file's content, kept between runs: a file that moved or came back is not read by it again. */
import { readSealed, writeSealed } from '../../../lib/sealed.ts';
import type { Sha256 } from '../../../lib/sha256.ts';
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
    try {
      writeSealed(this.#file, [body], false);
      this.#learnt = false;
    } catch {}
  }

  #read(): Map<string, PythonFile> {
    try {
      const [body = ''] = readSealed(this.#file);
      const entries: unknown = JSON.parse(body);
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
