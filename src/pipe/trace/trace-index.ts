/**
 * Traces remembered for the next run, in one file: an accelerator that may be deleted at any time. It names bundles that are
 * run, so that only one that this user's own engine wrote is believed.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readOwnFile } from '../../lib/regular-file.ts';
import { replaceFile } from '../../lib/replace-file.ts';
import { isSha256, type Sha256 } from '../../lib/sha256.ts';
import { openOwn, sealAsOwn } from '../../lib/user-state.ts';
import type { Observed } from './probes.ts';
import type { ModuleFingerprint } from './tracer.ts';

const limitBytes = 256 * 1024 * 1024;

export interface Remembered {
  readonly fingerprint: ModuleFingerprint;
  readonly observed: Observed;
  /** Files of the bundle, from the folder of bundles → digest; none where the code runs from where it stands. */
  readonly written: Readonly<Record<string, Sha256>>;
}

export class TraceIndex {
  readonly #file: string;
  readonly #version: string;
  #entries: Map<string, Remembered> | undefined;
  #changed = false;

  /** `version`: all that decides a trace beside the files, such as the compiler's version. */
  constructor(file: string, version: string) {
    this.#file = file;
    this.#version = version;
  }

  get(entry: string): Remembered | undefined {
    this.#entries ??= read(this.#file, this.#version);
    return this.#entries.get(entry);
  }

  /** null: it must be traced again. */
  set(entry: string, remembered: Remembered | null): void {
    this.#entries ??= read(this.#file, this.#version);
    this.#changed = true;
    if (remembered) this.#entries.set(entry, remembered);
    else this.#entries.delete(entry);
  }

  save(): void {
    if (!this.#changed || !this.#entries) return;
    const body = JSON.stringify({ version: this.#version, entries: Object.fromEntries(this.#entries) });
    const sealed = sealAsOwn(this.#file, body);
    if (sealed === null) return;
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      replaceFile(this.#file, sealed);
      this.#changed = false;
    } catch {
      // An accelerator: the next run traces again.
    }
  }
}

function read(file: string, version: string): Map<string, Remembered> {
  try {
    const content = readOwnFile(file, limitBytes);
    const body = typeof content === 'string' ? null : openOwn(file, content.toString('utf8'));
    if (body === null) return new Map();
    const index: { version: string; entries: Record<string, Remembered> } = JSON.parse(body);
    if (index.version !== version) return new Map();
    return new Map(Object.entries(index.entries).filter(([, entry]) => isRemembered(entry)));
  } catch {
    return new Map();
  }
}

/** The bundle's digest becomes a path: it must be one. The rest is compared with what is there. */
function isRemembered({ fingerprint, observed, written }: Remembered): boolean {
  const { files, folders, places } = observed;
  const maps: readonly unknown[] = [
    files,
    folders,
    places,
    written,
    fingerprint.files,
    fingerprint.packages,
    fingerprint.importedBy,
  ];
  return (
    fingerprint.kind === 'module' &&
    isSha256(fingerprint.bundle) &&
    Object.keys(written).every((path) => dirname(path) === join(fingerprint.bundle)) &&
    maps.every((map) => typeof map === 'object' && map !== null)
  );
}
