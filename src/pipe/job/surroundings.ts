/**
 * What a cell could leave behind in its process for the next one: variables, folder, listeners, descriptors, children, and
 * whatever hangs on global objects and on Node's modules. Compared, not mended: a process where anything differs ends.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { inspect, types } from 'node:util';
import { importsOf } from './warm-channel.ts';

/** Of an object: its keys, what is behind each, and where it inherits from. */
interface Sighted {
  readonly object: object;
  readonly keys: readonly PropertyKey[];
  readonly values: readonly unknown[];
  readonly parent: object | null;
  readonly open: boolean;
}

/** Counters of the process, which its listeners are compared for. */
const counters = new Set<PropertyKey>(['_events', '_eventsCount']);

/** Looks round now; the answer says whether anything is otherwise later. `text`: of the bundle. */
export function lookRound(text: string): () => boolean {
  const objects = [...globalObjects(text)].map(sighted);
  const state = stateText();
  const listeners = listenersOfProcess();
  const open = lastingDescriptors();
  return () =>
    objects.some(differs) ||
    stateText() !== state ||
    !hasDescriptors(open) ||
    !sameItems(listenersOfProcess(), listeners) ||
    childrenText() !== '';
}

/** Node's own threads open files for a moment; what two looks find is there to stay. */
function lastingDescriptors(): readonly string[] {
  const before = new Set(descriptors());
  pause();
  return descriptors().filter((one) => before.has(one));
}

const looks = 10;

function hasDescriptors(open: readonly string[]): boolean {
  for (let look = 0; look < looks; look++) {
    if (sameItems(descriptors(), open)) return true;
    pause();
  }
  return false;
}

function descriptors(): readonly string[] {
  return readdirSync('/proc/self/fd').sort();
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

/** The system says which children a process has. Where it does not, nothing of this can be relied on. */
export function canLookRound(): boolean {
  try {
    return childrenText() === '';
  } catch {
    return false;
  }
}

function childrenText(): string {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
}

/** Everything that is compared as text. */
function stateText(): string {
  const { PIPE_JOB: _job, ...env } = process.env;
  const streams = [process.stdout, process.stderr].map((stream) => [
    stream.writable,
    stream.writableEnded,
    stream.destroyed,
    stream.writableLength,
    stream.writableCorked,
    stream.eventNames().map(String),
  ]);
  return JSON.stringify([
    process.cwd(),
    process.umask(),
    process.title,
    process.exitCode ?? null,
    process.argv,
    process.execArgv,
    env,
    streams,
    inspect.defaultOptions,
    performance.getEntries().length,
  ]);
}

function listenersOfProcess(): readonly unknown[] {
  return process.eventNames().flatMap((name) => [name, ...process.rawListeners(name)]);
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => Object.is(item, b[index]));
}

function sighted(object: object): Sighted {
  const keys = Reflect.ownKeys(object).filter((key) => object !== process || !counters.has(key));
  const values = keys.map((key) => behind(object, key));
  return { object, keys, values, parent: Object.getPrototypeOf(object), open: Object.isExtensible(object) };
}

function differs(before: Sighted): boolean {
  const now = sighted(before.object);
  return (
    now.parent !== before.parent ||
    now.open !== before.open ||
    !sameItems(now.keys, before.keys) ||
    !sameItems(now.values, before.values)
  );
}

/** A value, or the function that gives it; of a collection how much is in it. No getter is called. */
function behind(object: object, key: PropertyKey): unknown {
  const found = Reflect.getOwnPropertyDescriptor(object, key);
  if (found === undefined) return undefined;
  if (found.get || found.set) return found.get ?? found.set;
  // Of another make where it is Node's own, but with a size.
  return types.isMap(found.value) ? Reflect.get(Map.prototype, 'size', found.value) : found.value;
}

function globalObjects(text: string): ReadonlySet<object> {
  const found = new Set<object>([globalThis]);
  for (const value of [...globalValues(text), ...hiddenValues(), ...modulesIn(text)]) {
    addClass(value, found);
    for (const part of dataOf(value)) if (isClass(part)) addClass(part, found);
  }
  return found;
}

function addClass(value: object, found: Set<object>): void {
  found.add(value);
  const prototype: unknown = typeof value === 'function' ? dataAt(value, 'prototype') : undefined;
  if (isObject(prototype)) found.add(prototype);
}

function isClass(value: object): boolean {
  const prototype = typeof value === 'function' ? dataAt(value, 'prototype') : undefined;
  return isObject(prototype) && Reflect.ownKeys(prototype).length > 1;
}

function globalValues(text: string): readonly object[] {
  const named = Reflect.ownKeys(globalThis).flatMap((key): unknown[] => {
    const found = Reflect.getOwnPropertyDescriptor(globalThis, key);
    if (found === undefined || typeof key === 'symbol') return [];
    if (!found.get) return [found.value];
    // Some become what they are when they are first asked for: those that the stage names are asked for now.
    return text.includes(key) ? [Reflect.get(globalThis, key)] : [];
  });
  return [process, Buffer, ...named.filter(isObject)];
}

/** What the language has without a name. */
function hiddenValues(): readonly object[] {
  const parentOf = (value: object): object => Object.getPrototypeOf(value);
  const iterators = [[].values(), new Map().values(), new Set().values(), ''[Symbol.iterator]()];
  const functions = [function* () {}, async () => {}, async function* () {}].map(parentOf);
  const typed = parentOf(Uint8Array);
  return [
    ...iterators.map(parentOf),
    parentOf(parentOf([].values())),
    parentOf(''.matchAll(/a/g)),
    ...functions,
    typed,
  ];
}

function modulesIn(text: string): readonly object[] {
  return [...importsOf(text)]
    .filter(isBuiltin)
    .map((name): unknown => process.getBuiltinModule(name))
    .filter(isObject);
}

function dataOf(object: object): readonly object[] {
  return Reflect.ownKeys(object)
    .map((key) => dataAt(object, key))
    .filter(isObject);
}

function dataAt(object: object, key: PropertyKey): unknown {
  return Reflect.getOwnPropertyDescriptor(object, key)?.value;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
