/** A run's dealings with a remote: what a cell may take before it would run, and what is sent once it ran. */
import type { Workspace } from '../cell/workspace.ts';
import type { Key } from '../key/fingerprint.ts';
import type { Cell, CellId } from '../plan/graph.ts';
import type { OpenRemote } from '../remote/open-remote.ts';
import type { Say } from './event-stream.ts';

export interface ExchangeOptions {
  readonly open: OpenRemote;
  readonly readOnly: boolean;
  readonly workspace: Workspace;
  readonly say: Say;
  /** Ends what is under way, and begins nothing more. */
  readonly signal: AbortSignal;
}

/** So many results at once: a stage that runs meanwhile needs its processors and its disk. */
const sentAtOnce = 4;

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #taken = new Set<CellId>();
  readonly #waiting: Key[] = [];
  readonly #sending = new Set<Promise<void>>();

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Brings the cell's result into the store, if the remote has one and it is not quicker made here. Whether it is there now. */
  async take(cell: Cell, key: Key): Promise<boolean> {
    const { open, workspace, signal } = this.#options;
    // It runs every time, whatever anybody has.
    if (cell.always || open.health.over || signal.aborted) return false;
    const localMs = workspace.expectedMs(cell.id);
    const taken = await open.results.take(cell, key, { signal, localMs });
    if (taken !== null) this.#taken.add(cell.id);
    return taken !== null;
  }

  /** The remote that the cell's result was taken from in this run; null: none. */
  originOf(cell: CellId): string | null {
    return this.#taken.has(cell) ? this.#options.open.name : null;
  }

  /** Sends a result in its own time. */
  send(key: Key): void {
    if (this.#options.readOnly) return;
    this.#waiting.push(key);
    this.#sendNext();
  }

  /** Waits for what is on its way, and says what came of all of it. Call once, at the end. */
  async settle(): Promise<void> {
    while (this.#sending.size > 0) await Promise.race(this.#sending);
    const { open, say } = this.#options;
    open.close();
    const [taken, sent] = [open.tally.of('down'), open.tally.of('up')];
    say({
      type: 'remote-finished',
      remote: open.name,
      taken: { results: taken.results, bytes: taken.bytes },
      sent: { results: sent.results, bytes: sent.bytes },
      failures: open.health.failures,
    });
  }

  #sendNext(): void {
    const { open, signal } = this.#options;
    while (this.#sending.size < sentAtOnce && !signal.aborted && !open.health.over) {
      const key = this.#waiting.shift();
      if (key === undefined) return;
      const sending: Promise<void> = this.#bring(key).then(() => {
        this.#sending.delete(sending);
        this.#sendNext();
      });
      this.#sending.add(sending);
    }
  }

  /** The result is published here: that it is not there too costs the run nothing. */
  async #bring(key: Key): Promise<void> {
    const { open, say, signal } = this.#options;
    try {
      await open.results.bring(key, signal);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      say({ type: 'warning', text: `a result could not be sent to ${open.name}: ${reason}` });
    }
  }
}
