/** Where every event of a run is born: stamped, folded into the run's state, recorded, and handed to the subscribers. */
import type { JsonObject } from '../../lib/json.ts';
import { Masker } from '../job/mask.ts';
import type { RunEvent, Subscriber } from './event.ts';
import type { RunFolder } from './run-folder.ts';
import { RunState } from './run-state.ts';

/** An event before the run stamps it with the time. */
export type UnstampedEvent = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, 'time'>
    : never
  : never;
export type Say = (event: UnstampedEvent) => void;

/** Fields that subscribers go by: words of the engine, names of the pipeline file, digests. */
const identifying = new Set(
  'type time at cell cells key run id stage how state kind level outcome why signal version cause direction'.split(
    ' ',
  ),
);

export class EventStream {
  readonly state = new RunState();
  readonly #subscribers: readonly Subscriber[];
  readonly #masker: Masker;
  #record: RunFolder | null = null;

  /** `masker`: hides what no record and no screen may show. */
  constructor(subscribers: readonly Subscriber[], masker: Masker = new Masker([])) {
    this.#subscribers = subscribers;
    this.#masker = masker;
  }

  /** From now on every event is written to the run's folder. */
  recordIn(folder: RunFolder): void {
    this.#record = folder;
  }

  readonly say: Say = (event) => {
    // The stamp first: a line of the event file reads better from the left.
    const unmasked = { time: new Date().toISOString(), ...event } as RunEvent;
    const stamped = this.#masker.idle
      ? unmasked
      : (this.#masker.json(unmasked as unknown as JsonObject, identifying) as unknown as RunEvent);
    this.state.take(stamped);
    // Recorded before it is shown: what a person saw can be looked up.
    const problem = this.#record?.write(stamped) ?? null;
    for (const subscriber of this.#subscribers) subscriber(stamped);
    if (problem !== null) this.say({ type: 'warning', text: problem });
  };
}
