/** Why two fingerprints differ: complete, most telling first; and what a chain of reruns goes back to. */
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { sha256Of } from '../../lib/sha256.ts';
import type { CellId } from '../plan/graph.ts';
import type { CodeFingerprint, TracedCode } from '../trace/code-fingerprint.ts';
import { importChain } from '../trace/import-chain.ts';
import { depDigest } from './cell-fingerprint.ts';
import { type DepFingerprint, type Fingerprint, fingerprintVersion, type Reason } from './fingerprint.ts';

/** Where each dep comes from: its path or source, or cells; of a gathered dep one an item, in the fingerprint's order. */
export type Origins = Readonly<
  Record<string, { readonly origin: string; readonly cells: readonly CellId[] }>
>;

/** `previous` null: the cell never ran. */
export function reasonsBetween(
  previous: Fingerprint | null,
  current: Fingerprint,
  origins: Origins,
): readonly Reason[] {
  if (previous === null) return [{ kind: 'never-ran' }];
  // Documents of two versions do not hold the same fields: nothing else in them can be compared.
  if (previous.version !== fingerprintVersion)
    return [{ kind: 'fingerprint-version', from: previous.version, to: fingerprintVersion }];
  const reasons: Reason[] = [];
  reasons.push(...codeReasons(previous.code, current.code));
  for (const [name, from, to] of differences(previous.params, current.params))
    reasons.push({ kind: 'param', name, from, to });
  for (const [name, from, to] of differences(previous.axes, current.axes))
    reasons.push({ kind: 'axis', name, from, to });
  for (const name of names(previous.deps, current.deps)) {
    const [before, after] = [own(previous.deps, name), own(current.deps, name)];
    const [from, to] = [before && depDigest(before), after && depDigest(after)];
    const renamed = renaming(before, after);
    if (from === to && renamed === null) continue;
    const source = own(origins, name);
    const cause = source?.cells[firstDifference(before, after)];
    reasons.push({
      kind: 'dep',
      name,
      from,
      to,
      origin: source?.origin ?? 'no longer declared',
      ...(cause === undefined ? {} : { cause }),
      ...(from === to && renamed !== null ? { renamed } : {}),
    });
  }
  for (const name of names(previous.env, current.env)) {
    const [from, to] = [own(previous.env, name), own(current.env, name)];
    if (from !== to) reasons.push({ kind: 'env', name, from, to });
  }
  for (const name of names(previous.tools, current.tools)) {
    const [from, to] = [own(previous.tools, name), own(current.tools, name)];
    if (from !== to) reasons.push({ kind: 'tool', name, from, to });
  }
  for (const name of names(previous.outs, current.outs)) {
    const [from, to] = [own(previous.outs, name), own(current.outs, name)];
    if (from !== to) reasons.push({ kind: 'outs', name, from, to });
  }
  if (previous.cpu !== current.cpu)
    reasons.push({ kind: 'cpu', from: previous.cpu ?? 1, to: current.cpu ?? 1 });
  return reasons;
}

/** What a chain of reruns goes back to: each first cause once, with the cells that run because of it, most cells first. */
export interface RootCause {
  readonly reason: Reason;
  /** The cell that has the reason itself. */
  readonly cell: CellId;
  readonly cells: readonly CellId[];
}

/** `cells`: reasons of every cell that must run, in topological order. */
export function rootCauses(cells: ReadonlyMap<CellId, readonly Reason[]>): readonly RootCause[] {
  const causes = new Map<string, { reason: Reason; cell: CellId; cells: CellId[] }>();
  const causesOf = new Map<CellId, ReadonlySet<string>>();
  for (const [cell, reasons] of cells) {
    const mine = new Set<string>();
    for (const reason of reasons) {
      const from =
        reason.kind === 'upstream' ? reason.cell : reason.kind === 'dep' ? reason.cause : undefined;
      const above = from === undefined ? undefined : causesOf.get(from);
      if (above) for (const cause of above) mine.add(cause);
      else {
        const name = nameOf(reason, cell);
        if (!causes.has(name)) causes.set(name, { reason, cell, cells: [] });
        mine.add(name);
      }
    }
    causesOf.set(cell, mine);
    for (const name of mine) causes.get(name)?.cells.push(cell);
  }
  return [...causes.values()].sort((a, b) => b.cells.length - a.cells.length);
}

/** Two cells have the same cause when the same file, param, path or command changed in the same way. */
function nameOf(reason: Reason, cell: CellId): string {
  switch (reason.kind) {
    case 'code':
      return `code ${reason.file}`;
    case 'package':
    case 'env':
    case 'tool':
      return `${reason.kind} ${reason.name}`;
    case 'param':
      return `param ${reason.name} ${canonicalJson(reason.from ?? null)} ${canonicalJson(reason.to ?? null)}`;
    case 'dep':
      return `dep ${reason.origin}`;
    case 'fingerprint-version':
    case 'never-ran':
    case 'forced':
    case 'always':
      return reason.kind;
    case 'command':
      return `command ${reason.from}\n${reason.to}`;
    case 'cpu':
      return `cpu ${reason.from} ${reason.to}`;
    case 'outs':
      return `outs ${reason.name} ${reason.from} ${reason.to}`;
    case 'axis':
      return `axis ${reason.name} ${canonicalJson(reason.from ?? null)} ${canonicalJson(reason.to ?? null)}`;
    case 'out-missing':
    case 'out-changed':
      return `${reason.kind} ${reason.name} of ${cell.split('[')[0]}`;
    default:
      return `${reason.kind} ${cell}`;
  }
}

function codeReasons(before: CodeFingerprint, after: CodeFingerprint): readonly Reason[] {
  if (before.kind === 'command' || after.kind === 'command') {
    const [from, to] = [textOf(before), textOf(after)];
    if (from !== to) return [{ kind: 'command', from, to }];
    const [had, has] = [valuesOf(before), valuesOf(after)];
    const reasons = [...differences(had, has)].map(
      ([name, was, is]): Reason => ({ kind: 'param', name, from: was, to: is }),
    );
    const [was, is] = [tracedOf(before), tracedOf(after)];
    return [...reasons, ...tracedReasons(was, is, Object.keys(is.files)[0] ?? '')];
  }
  return tracedReasons(before, after, after.file);
}

/** `entry`: the file that stands for all of it. */
function tracedReasons(before: TracedCode, after: TracedCode, entry: string): readonly Reason[] {
  const reasons: Reason[] = [];
  if (before.bundle !== after.bundle) {
    for (const file of names(before.files, after.files)) {
      if (own(before.files, file) === own(after.files, file)) continue;
      const parts = changedParts(before.parts?.[file], after.parts?.[file]);
      reasons.push({
        kind: 'code',
        file,
        via: importChain(Object.hasOwn(after.files, file) ? after : before, file),
        ...(parts.length === 0 ? {} : { parts }),
      });
    }
    // Only how the parts are put together changed, such as the order of imports.
    if (reasons.length === 0) reasons.push({ kind: 'code', file: entry, via: [entry] });
  }
  for (const name of names(before.packages, after.packages)) {
    const [from, to] = [own(before.packages, name), own(after.packages, name)];
    if (from !== to) reasons.push({ kind: 'package', name, from, to });
  }
  return reasons;
}

/** Labels of what differs; none where a side is not known. */
function changedParts(before: string | undefined, after: string | undefined): readonly string[] {
  if (before === undefined || after === undefined) return [];
  const [had, has] = [partsOf(before), partsOf(after)];
  return [...new Set([...has.keys(), ...had.keys()])].filter((label) => had.get(label) !== has.get(label));
}

function partsOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' '))]),
  );
}

/** Of a gathered dep the names are part of its digest. */
function renaming(
  before: DepFingerprint | undefined,
  after: DepFingerprint | undefined,
): { from: string; to: string } | null {
  if (before?.kind !== 'one' || after?.kind !== 'one' || before.name === after.name) return null;
  return { from: before.name, to: after.name };
}

/** Which item of a gathered dep is new or another than before: 0 when only some are gone. */
function firstDifference(before: DepFingerprint | undefined, after: DepFingerprint | undefined): number {
  if (before?.kind !== 'gather' || after?.kind !== 'gather') return 0;
  const known = new Map(
    before.items.map((item) => [canonicalJson(item.axes), `${item.sha256} ${item.name}`]),
  );
  return Math.max(
    0,
    after.items.findIndex((item) => known.get(canonicalJson(item.axes)) !== `${item.sha256} ${item.name}`),
  );
}

const noCode: TracedCode = { bundle: sha256Of(''), files: {}, importedBy: {}, packages: {} };

function tracedOf(code: CodeFingerprint): TracedCode {
  return (code.kind === 'command' ? code.traced : code) ?? noCode;
}

function textOf(code: CodeFingerprint): string {
  if (code.kind === 'module') return `module ${code.file}`;
  // Earlier layouts had no shell.
  return code.shell === undefined ? code.command : `${code.shell}: ${code.command}`;
}

/** What a command's references stand for, by name; a param without its `params.`. */
function valuesOf(code: CodeFingerprint): JsonObject {
  const values = code.kind === 'command' ? (code.values ?? {}) : {};
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name.replace(/^params\./, ''), value]),
  );
}

/** Leaves that differ, by their path joined with dots. Lists are compared whole: their order is part of the value. */
function* differences(
  before: JsonObject,
  after: JsonObject,
  prefix = '',
): Generator<[string, Json | undefined, Json | undefined]> {
  for (const name of names(before, after)) {
    const [from, to] = [own(before, name), own(after, name)];
    if (isJsonObject(from) && isJsonObject(to)) yield* differences(from, to, `${prefix}${name}.`);
    else if (from === undefined || to === undefined || canonicalJson(from) !== canonicalJson(to))
      yield [`${prefix}${name}`, from, to];
  }
}

function names(before: object, after: object): readonly string[] {
  return [...new Set([...Object.keys(after), ...Object.keys(before)])];
}

function own<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
