/**
 * The digest of a content that passes by, which may be written to a file on its way. Of a large one this is done on a second
 * thread, so that the first has its time for the network: hashing and writing take as long as receiving.
 */
import { createHash, type Hash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

export interface ContentSum {
  /** The chunk may be used again when this is settled. `write`: it is appended to the file. @throws what writing throws */
  take(chunk: Buffer, write: boolean): Promise<void> | undefined;
  /** Forgets what came so far. */
  restart(): void;
  /** The sha256 of all that was taken, which is written by then. @throws what writing throws */
  digest(): Promise<string>;
  /** What was taken is written, or failed to be: the file may be closed. */
  close(): Promise<void>;
}

/** Below this, starting a thread takes longer than it saves. */
const threadedBytes = 32 * 1024 * 1024;
/** More would only wait for a processor. */
const mostThreads = 2;
let threads = 0;

/** `file`: open for appending; null: nothing is written. `size`: bytes that are likely to come. */
export function contentSum(size: number, file: number | null): ContentSum {
  return size >= threadedBytes && threads < mostThreads ? new ThreadedSum(file) : new PlainSum(file);
}

class PlainSum implements ContentSum {
  readonly #file: number | null;
  #hash: Hash = createHash('sha256');

  constructor(file: number | null) {
    this.#file = file;
  }

  take(chunk: Buffer, write: boolean): undefined {
    if (write && this.#file !== null)
      for (let at = 0; at < chunk.length; ) at += writeSync(this.#file, chunk, at);
    this.#hash.update(chunk);
  }

  restart(): void {
    this.#hash = createHash('sha256');
  }

  async digest(): Promise<string> {
    return this.#hash.digest('hex');
  }

  async close(): Promise<void> {}
}

const slotBytes = 1024 * 1024;
const slots = 8;

/** As text: a file of its own would have to be found wherever this one is bundled. */
const threadCode = `
const { parentPort, workerData: { memory, slotBytes, file } } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const { writeSync } = require('node:fs');
let hash = createHash('sha256');
let failed = false;
parentPort.on('message', ({ kind, slot, length, write }) => {
  if (kind === 'restart') hash = createHash('sha256');
  if (kind === 'digest') parentPort.postMessage({ kind, digest: hash.digest('hex') });
  if (kind === 'close') parentPort.close();
  if (kind !== 'take') return;
  try {
    const piece = Buffer.from(memory, slot * slotBytes, length);
    if (write && !failed) for (let at = 0; at < length; ) at += writeSync(file, piece, at);
    hash.update(piece);
  } catch ({ message, code, syscall }) {
    failed = true;
    parentPort.postMessage({ kind: 'failed', message, code, syscall });
  }
  parentPort.postMessage({ kind: 'free', slot });
});
`;

type Said =
  | { readonly kind: 'free'; readonly slot: number }
  | { readonly kind: 'digest'; readonly digest: string }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string; readonly syscall: string };

class ThreadedSum implements ContentSum {
  readonly #memory = new SharedArrayBuffer(slots * slotBytes);
  readonly #thread: Worker;
  readonly #free = Array.from({ length: slots }, (_, slot) => slot);
  readonly #ended: Promise<void>;
  /** Being filled; null: none is. */
  #filling: { readonly slot: number; length: number; readonly write: boolean } | null = null;
  #failure: Error | null = null;
  #digest: string | null = null;
  /** Called at the next word of the thread. */
  #wake: (() => void) | null = null;

  constructor(file: number | null) {
    threads++;
    this.#thread = new Worker(threadCode, {
      eval: true,
      workerData: { memory: this.#memory, slotBytes, file },
      // Nothing of the caller's: neither its arguments to node nor its environment.
      execArgv: [],
      env: {},
    });
    this.#thread.on('message', (said: Said) => this.#hear(said));
    this.#thread.on('error', (error) => {
      this.#failure ??= error;
      this.#wakeUp();
    });
    this.#ended = new Promise((resolve) =>
      this.#thread.once('exit', () => {
        threads--;
        this.#failure ??= new Error('the thread that hashes has ended');
        this.#wakeUp();
        resolve();
      }),
    );
  }

  take(chunk: Buffer, write: boolean): Promise<void> | undefined {
    if (this.#failure !== null) throw this.#failure;
    const at = this.#fill(chunk, write);
    return at === chunk.length ? undefined : this.#takeRest(chunk.subarray(at), write);
  }

  restart(): void {
    this.#flush();
    this.#thread.postMessage({ kind: 'restart' });
  }

  async digest(): Promise<string> {
    this.#flush();
    this.#thread.postMessage({ kind: 'digest' });
    while (this.#digest === null && this.#failure === null) await this.#said();
    if (this.#failure !== null) throw this.#failure;
    return this.#digest ?? '';
  }

  close(): Promise<void> {
    this.#flush();
    this.#thread.postMessage({ kind: 'close' });
    return this.#ended;
  }

  async #takeRest(chunk: Buffer, write: boolean): Promise<void> {
    let at = 0;
    while (at < chunk.length) {
      await this.#said();
      if (this.#failure !== null) throw this.#failure;
      at += this.#fill(chunk.subarray(at), write);
    }
  }

  /** Copies what there is room for. How many bytes that was. */
  #fill(chunk: Buffer, write: boolean): number {
    if (this.#filling !== null && this.#filling.write !== write) this.#flush();
    let at = 0;
    while (at < chunk.length) {
      if (this.#filling === null) {
        const slot = this.#free.pop();
        if (slot === undefined) return at;
        this.#filling = { slot, length: 0, write };
      }
      const { slot, length } = this.#filling;
      const count = Math.min(slotBytes - length, chunk.length - at);
      new Uint8Array(this.#memory, slot * slotBytes + length, count).set(chunk.subarray(at, at + count));
      this.#filling.length += count;
      at += count;
      if (this.#filling.length === slotBytes) this.#flush();
    }
    return at;
  }

  #flush(): void {
    if (this.#filling === null) return;
    this.#thread.postMessage({ kind: 'take', ...this.#filling });
    this.#filling = null;
  }

  #hear(said: Said): void {
    if (said.kind === 'free') this.#free.push(said.slot);
    else if (said.kind === 'digest') this.#digest = said.digest;
    else {
      const { message, code, syscall } = said;
      this.#failure ??= Object.assign(new Error(message), { code, syscall });
    }
    this.#wakeUp();
  }

  #said(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
