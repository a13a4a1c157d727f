/** The recorded events of a run, read back. */
import { join } from 'node:path';
import { readRegularFile } from '../../lib/regular-file.ts';
import { layoutOf } from '../store/layout.ts';
import type { RunEvent } from './event.ts';
import { RunState } from './run-state.ts';

/** Events of one run, oldest first; a last line cut off by a crash is left out. */
export async function readEvents(file: string): Promise<readonly RunEvent[]> {
  const text = textOf(file);
  const events: RunEvent[] = [];
  for (const line of text.split('\n')) {
    const event = parseEvent(line);
    if (event !== null) events.push(event);
  }
  return events;
}

/** What is recorded of a run; null: nothing. */
export async function recordedState(project: string, run: string): Promise<RunState | null> {
  return foldEvents(await readEvents(join(layoutOf(project).runs, run, 'events.jsonl')));
}

/** What became of the run; null when its events do not begin with its start. */
export function foldEvents(events: Iterable<RunEvent>): RunState | null {
  const state = new RunState();
  for (const event of events) state.take(event);
  return state.started === null ? null : state;
}

/** Empty when there is no file: a pipe in its place would be waited for without end. */
function textOf(file: string): string {
  try {
    return readRegularFile(file).toString('utf8');
  } catch {
    return '';
  }
}

export function parseEvent(line: string): RunEvent | null {
  if (line === '') return null;
  try {
    const value: unknown = JSON.parse(line);
    const isEvent = typeof value === 'object' && value !== null && 'type' in value && 'time' in value;
    // Written by this engine's own run; readers use only fields of this version's union.
    return isEvent ? (value as RunEvent) : null;
  } catch {
    return null;
  }
}
