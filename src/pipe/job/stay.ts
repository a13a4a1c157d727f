/** How a stage host stays for another cell: what it needs of its process for that, and where it hears of the next one. */
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { canLookRound, lookRound } from './surroundings.ts';
import { channelFd, said, type WarmCell } from './warm-channel.ts';

/** So many cells see one process: what no comparison shows does not add up for longer. */
const cellsPerProcess = 300;
const memoryBytes = 256 * 1024 * 1024;

export class Stay {
  #cells = 0;
  #cell: WarmCell | null = null;
  #differs: (() => boolean) | null = null;
  /** Something was said that a process says only once. */
  #warned = false;
  #rest = '';

  constructor() {
    process.argv.length = 2;
    process.on('warning', () => {
      this.#warned = true;
    });
  }

  /** How many cells there were, the one that runs now included. */
  get cells(): number {
    return this.#cells;
  }

  /** Waits for a cell and makes the process its own. False: none comes, and the process is to end. */
  next(): boolean {
    try {
      const line = this.#line();
      if (line === null) return false;
      const cell: WarmCell = JSON.parse(line);
      if (cell.log !== null && !logsTo(cell.log)) return false;
      process.env.PIPE_JOB = cell.job;
      this.#cell = cell;
      this.#cells++;
      writeSync(channelFd, `${said.begun}\n`);
      return true;
    } catch {
      // A signal, or a driver that is gone.
      return false;
    }
  }

  /** Before the bundle is imported. */
  importing(module: string): void {
    if (this.#cell?.trusted === false) this.#look(module);
  }

  /** After it. */
  imported(module: string): void {
    if (this.#cell?.trusted === true) this.#look(module);
  }

  /** The cell is over and nothing of it is open. True: another may run here, and the driver knows that this one is done. */
  done(): boolean {
    if (this.#warned || this.#cells >= cellsPerProcess) return false;
    if (this.#differs === null || this.#differs() || process.memoryUsage.rss() > memoryBytes) return false;
    writeSync(channelFd, `${said.done}\n`);
    return true;
  }

  #look(module: string): void {
    if (this.#cells === 1 && canLookRound()) this.#differs = lookRound(readFileSync(module, 'utf8'));
  }

  /** Blocks: while no cell runs there is nothing else to do. */
  #line(): string | null {
    const chunk = Buffer.alloc(4096);
    for (;;) {
      const end = this.#rest.indexOf('\n');
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return Buffer.from(line, 'latin1').toString();
      }
      const count = readSync(channelFd, chunk);
      if (count === 0) return null;
      this.#rest += chunk.toString('latin1', 0, count);
    }
  }
}

/** Both outputs are the log's from now on, for children too. False: the process had their numbers in use otherwise. */
function logsTo(log: string): boolean {
  closeSync(1);
  closeSync(2);
  return openSync(log, 'a', 0o666) === 1 && openSync(log, 'a', 0o666) === 2;
}
