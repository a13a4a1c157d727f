/** One attempt on its way through a queue, from the moment it is handed over to its end. */
import { EventTail } from '../../job/event-tail.ts';
import type { StageEvent } from '../../job/job.ts';
import type { Ended, Host, Running } from '../executor.ts';
import type { Usage } from '../usage.ts';

export interface Ending {
  readonly ended: Ended;
  readonly usage: Usage | null;
  readonly wallMs: number | null;
}

export class Flight {
  readonly begun: Promise<Host | null>;
  readonly ended: Promise<Ended>;
  /** In a submission; -1: it waits to be submitted. */
  index = -1;
  over = false;
  stopping = false;
  host: Host | null = null;
  ending: Ending | null = null;
  readonly #tail: EventTail;
  #begin: (host: Host | null) => void = () => {};
  #end: (ended: Ended) => void = () => {};

  constructor(events: string, onEvent: (event: StageEvent) => void) {
    // The stage appends from another host: its file is never cut short under it.
    this.#tail = new EventTail(events, onEvent, { trims: false });
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  begin(host: Host): void {
    if (this.host !== null || this.over) return;
    this.host = host;
    this.#begin(host);
  }

  /** Hands on what the stage reported since the last call. */
  follow(): void {
    if (this.host !== null && !this.over) this.#tail.read();
  }

  end(ending: Ending): void {
    if (this.over) return;
    this.follow();
    this.over = true;
    this.ending = ending;
    this.#begin(null);
    this.#end(ending.ended);
  }

  running(stop: Running['stop'], close: () => void): Running {
    return {
      pid: null,
      begun: this.begun,
      ended: this.ended,
      stop,
      usage: () => this.ending?.usage ?? null,
      wallMs: () => this.ending?.wallMs ?? null,
      close,
    };
  }
}
