/** Follows the event file of a running attempt and hands on each whole line that is an event. */
import { closeSync, ftruncateSync, readSync } from 'node:fs';
import { openRegular } from '../../lib/open-regular.ts';
import type { StageEvent } from './job.ts';

const chunkBytes = 64 * 1024;
/** Longer than any event: what goes beyond is not one, and must not fill the memory. */
const lineLimit = 256 * 1024;
/** What was delivered is not needed again: past this size the file starts anew. */
const fileLimit = 64 * 1024 * 1024;

/** One for all: a read ends before the next begins, and a run may follow thousands of files. */
const buffer = Buffer.allocUnsafe(chunkBytes);
const nothing = Buffer.alloc(0);

export class EventTail {
  readonly #path: string;
  readonly #deliver: (event: StageEvent) => void;
  readonly #trims: boolean;
  #offset = 0;
  #rest = nothing;
  #line = 0;
  #complained = false;

  /** `trims`: a file that grows too large is emptied, once it was read. */
  constructor(path: string, deliver: (event: StageEvent) => void, { trims = true } = {}) {
    this.#path = path;
    this.#deliver = deliver;
    this.#trims = trims;
  }

  /** Delivers what was appended since the last call. Cheap when there is nothing; quiet while the file is not there. */
  read(): void {
    // The stage may put anything in the file's place, a pipe that never ends too.
    const file = openRegular(this.#path, 'r+');
    if (file === null) return;
    try {
      for (;;) {
        const count = readSync(file, buffer, 0, chunkBytes, this.#offset);
        if (count === 0) break;
        this.#offset += count;
        this.#take(buffer.subarray(0, count));
      }
      if (!this.#trims || this.#offset < fileLimit) return;
      ftruncateSync(file);
      this.#offset = 0;
    } finally {
      closeSync(file);
    }
  }

  #take(bytes: Buffer): void {
    const all = Buffer.concat([this.#rest, bytes]);
    let start = 0;
    for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, start)) {
      this.#line++;
      const event = stageEvent(all.toString('utf8', start, end));
      if (event) this.#deliver(event);
      else this.#complain();
      start = end + 1;
    }
    this.#rest = Buffer.from(all.subarray(start));
    if (this.#rest.length > lineLimit) {
      this.#rest = nothing;
      this.#complain();
    }
  }

  #complain(): void {
    if (this.#complained) return;
    this.#complained = true;
    const text = `line ${this.#line + 1} of the stage's event file is not an event; it and others like it are ignored`;
    this.#deliver({ type: 'message', level: 'warning', text });
  }
}

/** null: not an event. Stages in other languages write these lines too, so every field is looked at. */
export function stageEvent(line: string): StageEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) return null;
  const event = eventIn(value);
  const at = 'at' in value && typeof value.at === 'string' ? value.at : '';
  return event && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(at) ? { ...event, at } : event;
}

function eventIn(value: { readonly type: unknown }): StageEvent | null {
  if (value.type === 'progress' && 'done' in value && 'total' in value) {
    const { done, total } = value;
    const unit = 'unit' in value && typeof value.unit === 'string' ? value.unit : '';
    return isNumber(done) && isNumber(total) ? { type: 'progress', done, total, unit } : null;
  }
  if (value.type === 'metric' && 'name' in value && 'value' in value) {
    const { name, value: number } = value;
    const step = 'step' in value && isNumber(value.step) ? value.step : null;
    return typeof name === 'string' && isNumber(number)
      ? { type: 'metric', name, value: number, step }
      : null;
  }
  if (value.type === 'message' && 'text' in value && typeof value.text === 'string') {
    const level = 'level' in value && value.level === 'warning' ? 'warning' : 'info';
    return { type: 'message', level, text: value.text };
  }
  return null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
