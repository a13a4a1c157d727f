/** A process of the stage host that runs one cell after another, and what it says of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { channelFd, said, type WarmCell } from '../../job/warm-channel.ts';
import { type ProcessEnd, processEnd } from '../process-end.ts';

export interface WarmStart {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of the first cell. */
  readonly log: string;
}

/** What became of one cell. */
export interface CellAtWork {
  /** False: the process ended before it began the cell. */
  readonly begun: Promise<boolean>;
  /** `done`: the cell ended well, and the process waits for another. */
  readonly ended: Promise<ProcessEnd | { readonly kind: 'done' }>;
}

interface Told {
  begun(yes: boolean): void;
  ended(how: ProcessEnd | { readonly kind: 'done' }): void;
}

export class WarmProcess {
  readonly pid: number | null;
  /** Settles when it is gone. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  readonly #channel: Duplex | null;
  #rest = '';
  #cell: Told | null = null;
  #over: ProcessEnd | null = null;

  /** @throws Error where the system refuses to start anything, such as with an environment that is too large */
  constructor({ file, args, cwd, env, log }: WarmStart) {
    const output = openSync(log, 'a', 0o666);
    try {
      const stdio = ['ignore' as const, output, output, 'pipe' as const];
      this.#child = spawn(file, args, { cwd, env, detached: true, stdio });
    } finally {
      closeSync(output);
    }
    this.pid = this.#child.pid ?? null;
    const channel = this.#child.stdio[channelFd];
    this.#channel = channel instanceof Duplex ? channel : null;
    this.#channel?.on('data', (chunk: Buffer) => this.#read(chunk.toString()));
    // That it is gone is said by its end.
    this.#channel?.on('error', () => {});
    this.gone = new Promise((resolve) => {
      this.#child.once('error', ({ message }) => {
        this.#end({ kind: 'launch', message });
        resolve();
      });
      // Everything that it said has been read then.
      this.#child.once('close', (code, signal) => {
        this.#end(processEnd(code, signal));
        resolve();
      });
    });
  }

  /** Of a process that runs none. */
  run(cell: WarmCell): CellAtWork {
    let told: Told = { begun() {}, ended() {} };
    const begun = new Promise<boolean>((resolve) => {
      told = { ...told, begun: resolve };
    });
    const ended = new Promise<ProcessEnd | { readonly kind: 'done' }>((resolve) => {
      told = { ...told, ended: resolve };
    });
    this.#cell = told;
    if (this.#over) this.#end(this.#over);
    else this.#channel?.write(`${JSON.stringify(cell)}\n`);
    return { begun, ended };
  }

  get isOver(): boolean {
    return this.#over !== null;
  }

  /** While it runs no cell it keeps no driver from ending. */
  holds(yes: boolean): void {
    const how = yes ? 'ref' : 'unref';
    this.#child[how]();
    // A socket, of which the types say no more than that it can be read and written.
    const channel: unknown = this.#channel;
    if (typeof channel === 'object' && channel !== null && how in channel)
      Reflect.get(channel, how).call(channel);
  }

  #read(text: string): void {
    this.#rest += text;
    for (let end = this.#rest.indexOf('\n'); end >= 0; end = this.#rest.indexOf('\n')) {
      const word = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 1);
      if (word === said.begun) this.#cell?.begun(true);
      if (word === said.done) this.#settle({ kind: 'done' });
    }
  }

  #end(how: ProcessEnd): void {
    this.#over = how;
    this.#cell?.begun(false);
    this.#settle(how);
  }

  #settle(how: ProcessEnd | { readonly kind: 'done' }): void {
    const cell = this.#cell;
    this.#cell = null;
    cell?.ended(how);
  }
}
