/**
 * The few names a benchmark pickle may refer to, and what calling them makes. A pickle is a program; this is the whole
 * of what it can do here. Anything else is refused by name and never looked up, let alone run.
 */
import { kinds, type Node } from './tape.ts';

const allowed: readonly string[] = [
  'collections.OrderedDict',
  'numpy.dtype',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  '_codecs.encode',
  'builtins.set',
  '__builtin__.set',
  'builtins.frozenset',
  '__builtin__.frozenset',
];

/** Place of `module.name` in the list; −1: refused. */
export function globalId(name: string): number {
  return allowed.indexOf(name);
}

export function globalName(id: number): string {
  return allowed[id]!;
}

/** Element types of numpy scalars, by the code in a dtype (its place is the dtype slot's `a`). */
const elementTypes: readonly string[] = ['f8', 'f4', 'i8', 'i4', 'i2', 'i1', 'u8', 'u4', 'u2', 'u1', 'b1'];

/** What a call makes, in the terms of a tape's slot; a string says why it is refused. */
export type Made =
  | { readonly kind: 'number'; readonly float: boolean; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'dtype'; readonly element: number; readonly bigEndian: boolean }
  | { readonly kind: 'latin1'; readonly text: Node }
  | { readonly kind: 'dict'; readonly pairs: readonly Node[] }
  | { readonly kind: 'set'; readonly items: Node | null };

/** Calls an allowed global with the arguments of a REDUCE. */
export function call(id: number, args: readonly Node[]): Made | string {
  const name = globalName(id);
  switch (name) {
    case 'collections.OrderedDict':
      return orderedDict(args);
    case 'numpy.dtype':
      return dtype(args);
    case 'numpy.core.multiarray.scalar':
    case 'numpy._core.multiarray.scalar':
      return scalar(args);
    case '_codecs.encode': {
      const [text, codec] = args;
      if (args.length !== 2 || text?.kind !== kinds.text || codec?.text() !== 'latin1') {
        return '_codecs.encode of anything but a text as latin1';
      }
      // A code point above 255 has no byte; one below 256 needs at most two bytes, the first C2 or C3.
      const { tape, ref } = text;
      for (let at = tape.a[ref]!, end = at + tape.b[ref]!; at < end; at++) {
        if (tape.bytes[at]! > 0xc3) return '_codecs.encode of a character that latin1 lacks';
      }
      return text.text() === undefined
        ? '_codecs.encode of a text that is no UTF-8'
        : { kind: 'latin1', text };
    }
    default: {
      const [items] = args;
      if (args.length > 1 || (items && (items.kind < kinds.list || items.kind > kinds.set))) {
        return `${name} of anything but one list`;
      }
      return { kind: 'set', items: items ?? null };
    }
  }
}

/** OrderedDict() or, from Python 2, OrderedDict([[key, value], …]). */
function orderedDict(args: readonly Node[]): Made | string {
  const [list] = args;
  if (!list) return { kind: 'dict', pairs: [] };
  if (args.length > 1 || list.kind !== kinds.list) return 'OrderedDict of anything but a list of pairs';
  const pairs = [...list.items()];
  if (pairs.some((pair) => (pair.kind !== kinds.list && pair.kind !== kinds.tuple) || pair.size !== 2)) {
    return 'OrderedDict of a list that holds something else than pairs';
  }
  return { kind: 'dict', pairs };
}

/** dtype('f8', False, True), or with a byte order as in '<f8'. */
function dtype(args: readonly Node[]): Made | string {
  const text = args[0]?.text();
  const [, order = '', code = ''] = /^([<>|=]?)(\w+)$/.exec(text ?? '') ?? [];
  const element = elementTypes.indexOf(code);
  if (args.length > 3 || element < 0) return `a numpy dtype '${(text ?? '?').slice(0, 40)}'`;
  return { kind: 'dtype', element, bigEndian: order === '>' };
}

/** The state of a dtype, (3, '<', None, None, None, -1, -1, 0): whether its numbers are big-endian. */
export function dtypeState(state: Node): { readonly bigEndian: boolean } | string {
  if (state.kind !== kinds.tuple || state.size < 5) return 'a numpy dtype with an unknown state';
  const [, order, ...fields] = [...state.items()];
  const byteOrder = order?.text() ?? '';
  if (!['<', '>', '|', '='].includes(byteOrder)) return 'a numpy dtype of unknown byte order';
  if (fields.slice(0, 3).some((field) => field.kind !== kinds.none)) return 'a structured numpy dtype';
  return { bigEndian: byteOrder === '>' };
}

/** scalar(dtype, bytes). */
function scalar(args: readonly Node[]): Made | string {
  const [type, raw] = args;
  if (args.length !== 2 || type?.kind !== kinds.dtype) return 'a numpy scalar without a dtype';
  const code = elementTypes[type.tape.a[type.ref]!]!;
  const bytes = raw?.rawBytes();
  const size = Number(code[1]);
  if (bytes?.length !== size) return `a numpy ${code} of ${bytes?.length ?? 'no'} bytes`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  const little = type.tape.b[type.ref] === 0;
  if (code[0] === 'b') return { kind: 'bool', value: bytes[0] !== 0 };
  if (code[0] === 'f') {
    return {
      kind: 'number',
      float: true,
      value: size === 8 ? view.getFloat64(0, little) : view.getFloat32(0, little),
    };
  }
  const value = integer(view, code, little);
  return Number.isSafeInteger(value)
    ? { kind: 'number', float: false, value }
    : `a numpy ${code} beyond 2^53`;
}

function integer(view: DataView, code: string, little: boolean): number {
  switch (code) {
    case 'i8':
      return Number(view.getBigInt64(0, little));
    case 'u8':
      return Number(view.getBigUint64(0, little));
    case 'i4':
      return view.getInt32(0, little);
    case 'u4':
      return view.getUint32(0, little);
    case 'i2':
      return view.getInt16(0, little);
    case 'u2':
      return view.getUint16(0, little);
    case 'i1':
      return view.getInt8(0);
    default:
      return view.getUint8(0);
  }
}
