/**
 * One batch of CIFAR-10's python version: a pickled dict whose `data` is a numpy array of 3,072 bytes an image and whose
 * `labels` is a list. A pickle is a program: this machine knows the opcodes that such a dict is written with (protocols 2 to 5,
 * Python 2's strings too), the globals of a numpy array, and nothing else. The machine of ../pickle is for tapes of numbers.
 */
import { ImageSetError } from './image-set.ts';

/** What an array is made of: its bytes, and how they are to be read. */
interface PickledArray {
  readonly kind: 'array';
  shape: readonly number[];
  dtype: string;
  fortran: boolean;
  bytes: Uint8Array;
}
interface Callable {
  readonly kind: 'global';
  readonly name: string;
}
interface Dtype {
  readonly kind: 'dtype';
  readonly name: string;
}
const mark = { kind: 'mark' } as const;
type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Value[]
  | Map<string, Value>
  | PickledArray
  | Callable
  | Dtype
  | typeof mark;

const reconstruct = ['numpy.core.multiarray._reconstruct', 'numpy._core.multiarray._reconstruct'];
const allowed: ReadonlySet<string> = new Set([
  ...reconstruct,
  'numpy.ndarray',
  'numpy.dtype',
  '_codecs.encode',
]);

/** The pickled dict's entries by name. @throws ImageSetError */
export function readCifarPickle(file: string, bytes: Uint8Array): ReadonlyMap<string, unknown> {
  const value = new CifarPickle(file, bytes).run();
  if (value instanceof Map) return value;
  throw new ImageSetError(file, null, 'is a pickle of no dict', "Give a batch of CIFAR-10's python version");
}

/** An array of bytes with its shape; null: the value is no such array. */
export function bytesOf(
  value: unknown,
): { readonly bytes: Uint8Array; readonly shape: readonly number[] } | null {
  if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== 'array')
    return null;
  const { bytes, shape, dtype, fortran } = value as PickledArray;
  const count = shape.reduce((product, one) => product * one, 1);
  return dtype === 'u1' && !fortran && bytes.length === count ? { bytes, shape } : null;
}

class CifarPickle {
  readonly #file: string;
  readonly #bytes: Buffer;
  readonly #stack: Value[] = [];
  readonly #memo = new Map<number, Value>();
  #at = 0;

  constructor(file: string, bytes: Uint8Array) {
    this.#file = file;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): Value {
    for (;;) {
      const at = this.#at;
      const code = String.fromCharCode(this.#number(1));
      if (code === '.') return this.#pop();
      const operation = operations[code];
      if (operation === undefined) throw this.refusal(`opcode ${JSON.stringify(code)} at byte ${at}`);
      operation(this);
    }
  }

  refusal(what: string): ImageSetError {
    return new ImageSetError(
      this.#file,
      null,
      `is no batch of CIFAR-10's python version (${what})`,
      'Fetch it again, or give the binary version',
    );
  }

  push(value: Value): void {
    this.#stack.push(value);
  }

  pop(): Value {
    return this.#pop();
  }

  top(): Value {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.refusal('a value is missing');
    return value;
  }

  /** What stands above the last mark, which goes too. */
  toMark(): Value[] {
    const from = this.#stack.lastIndexOf(mark);
    if (from < 0) throw this.refusal('a mark is missing');
    return this.#stack.splice(from).slice(1);
  }

  bytes(length: number): Uint8Array {
    if (length < 0 || this.#at + length > this.#bytes.length)
      throw this.refusal(`it ends after ${this.#bytes.length} bytes`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  number(length: number): number {
    return this.#number(length);
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0 || end - this.#at > 100) throw this.refusal('a name without an end');
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  remember(place: number): void {
    this.#memo.set(place, this.top());
  }

  rememberNext(): void {
    this.remember(this.#memo.size);
  }

  recall(place: number): void {
    const value = this.#memo.get(place);
    if (value === undefined) throw this.refusal(`memo ${place} is empty`);
    this.push(value);
  }

  global(name: string): void {
    if (!allowed.has(name)) throw this.refusal(`it asks for ${name}`);
    this.push({ kind: 'global', name });
  }

  #pop(): Value {
    const value = this.#stack.pop();
    if (value === undefined) throw this.refusal('a value is missing');
    return value;
  }

  #number(length: number): number {
    if (this.#at + length > this.#bytes.length)
      throw this.refusal(`it ends after ${this.#bytes.length} bytes`);
    this.#at += length;
    // Eight bytes: a length, whose upper half no file here needs.
    if (length === 8) {
      if (this.#bytes.readUInt32LE(this.#at - 4) !== 0) throw this.refusal('a length beyond 4 GiB');
      return this.#bytes.readUInt32LE(this.#at - 8);
    }
    return this.#bytes.readUIntLE(this.#at - length, length);
  }
}

type Operation = (machine: CifarPickle) => void;
const text = (machine: CifarPickle, length: number) => Buffer.from(machine.bytes(length)).toString('utf8');
/** Python 2's `str`: a name, or the bytes of an array. */
const oldString = (machine: CifarPickle, length: number): Value => {
  const bytes = machine.bytes(length);
  return length < 200 ? Buffer.from(bytes).toString('latin1') : bytes;
};
const tuple =
  (length: number): Operation =>
  (machine) => {
    const items = Array.from({ length }, () => machine.pop()).reverse();
    machine.push(items);
  };
const setItems = (machine: CifarPickle, items: readonly Value[]) => {
  const target = machine.top();
  if (!(target instanceof Map)) throw machine.refusal('entries of no dict');
  for (let i = 0; i + 1 < items.length; i += 2) target.set(nameOf(machine, items[i]!), items[i + 1]!);
};
const append = (machine: CifarPickle, items: readonly Value[]) => {
  const target = machine.top();
  if (!Array.isArray(target)) throw machine.refusal('items of no list');
  for (const item of items) target.push(item);
};

const operations: Readonly<Record<string, Operation>> = {
  '\x80': (m) => void m.number(1),
  '\x95': (m) => void m.number(8),
  '(': (m) => m.push(mark),
  '}': (m) => m.push(new Map()),
  ']': (m) => m.push([]),
  ')': (m) => m.push([]),
  t: (m) => m.push(m.toMark()),
  '\x85': tuple(1),
  '\x86': tuple(2),
  '\x87': tuple(3),
  N: (m) => m.push(null),
  '\x88': (m) => m.push(true),
  '\x89': (m) => m.push(false),
  K: (m) => m.push(m.number(1)),
  M: (m) => m.push(m.number(2)),
  J: (m) => m.push(m.number(4) | 0),
  X: (m) => m.push(text(m, m.number(4))),
  '\x8c': (m) => m.push(text(m, m.number(1))),
  U: (m) => m.push(oldString(m, m.number(1))),
  T: (m) => m.push(oldString(m, m.number(4))),
  C: (m) => m.push(m.bytes(m.number(1))),
  B: (m) => m.push(m.bytes(m.number(4))),
  '\x8e': (m) => m.push(m.bytes(m.number(8))),
  q: (m) => m.remember(m.number(1)),
  r: (m) => m.remember(m.number(4)),
  '\x94': (m) => m.rememberNext(),
  h: (m) => m.recall(m.number(1)),
  j: (m) => m.recall(m.number(4)),
  a: (m) => append(m, [m.pop()]),
  e: (m) => append(m, m.toMark()),
  s: (m) => setItems(m, [m.pop(), m.pop()].reverse()),
  u: (m) => setItems(m, m.toMark()),
  c: (m) => m.global(`${m.line()}.${m.line()}`),
  '\x93': (m) => {
    const [name, module] = [m.pop(), m.pop()];
    m.global(`${nameOf(m, module)}.${nameOf(m, name)}`);
  },
  R: reduce,
  b: build,
};

function reduce(machine: CifarPickle): void {
  const [args, target] = [machine.pop(), machine.pop()];
  const name = isKind(target, 'global') ? target.name : null;
  if (name === null || !Array.isArray(args)) throw machine.refusal('a call of no global');
  if (reconstruct.includes(name))
    machine.push({ kind: 'array', shape: [], dtype: '', fortran: false, bytes: new Uint8Array() });
  else if (name === 'numpy.dtype') machine.push({ kind: 'dtype', name: nameOf(machine, args[0] ?? null) });
  // Python 3 writes the bytes of protocol 2 as a text of their code points.
  else if (name === '_codecs.encode') machine.push(Buffer.from(nameOf(machine, args[0] ?? null), 'latin1'));
  else throw machine.refusal(`a call of ${name}`);
}

/** The state of a numpy array: (version, shape, dtype, Fortran order, bytes); that of a dtype says nothing for bytes. */
function build(machine: CifarPickle): void {
  const state = machine.pop();
  const target = machine.top();
  if (isKind(target, 'dtype')) return;
  if (!isKind(target, 'array') || !Array.isArray(state)) throw machine.refusal('a state of no array');
  const [, shape, dtype, fortran, bytes] = state;
  if (!Array.isArray(shape) || !isKind(dtype, 'dtype')) throw machine.refusal('an array of no known form');
  target.shape = shape.map(Number);
  target.dtype = dtype.name;
  target.fortran = fortran === true;
  target.bytes =
    bytes instanceof Uint8Array
      ? bytes
      : typeof bytes === 'string'
        ? Buffer.from(bytes, 'latin1')
        : new Uint8Array();
}

function nameOf(machine: CifarPickle, value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array && value.length < 200) return Buffer.from(value).toString('latin1');
  throw machine.refusal('a name that is no text');
}

function isKind<Kind extends 'array' | 'global' | 'dtype'>(
  value: Value | undefined,
  kind: Kind,
): value is Extract<Value, { readonly kind: Kind }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}
