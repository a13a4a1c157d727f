/** From what a cell sees to its fingerprint, and from that to its key. */
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../../lib/json.ts';
import { type Sha256, sha256Of } from '../../lib/sha256.ts';
import type { Cell } from '../plan/graph.ts';
import type { CodeFingerprint } from '../trace/code-fingerprint.ts';
import { type DepFingerprint, type Fingerprint, fingerprintVersion, type Key } from './fingerprint.ts';

/** The part of a fingerprint that must be looked up; the rest is in the plan. */
export interface SeenInputs {
  readonly code: CodeFingerprint;
  readonly deps: Readonly<Record<string, DepFingerprint>>;
  readonly env: Readonly<Record<string, string | null>>;
  readonly tools: Readonly<Record<string, string>>;
}

export function fingerprintOf(cell: Cell, seen: SeenInputs): Fingerprint {
  return {
    version: fingerprintVersion,
    code: seen.code,
    params: cell.params,
    // Name and value: the stage sees both.
    axes: Object.fromEntries(
      Object.entries(cell.axes).map(([axis, name]) => [axis, { name, value: cell.axisValues[axis] ?? null }]),
    ),
    deps: seen.deps,
    env: seen.env,
    tools: seen.tools,
    outs: Object.fromEntries(cell.outs.map((out) => [out.name, out.path])),
    ...(usableCpu(cell) === 1 ? {} : { cpu: usableCpu(cell) }),
  };
}

/**
 * Cores that a cell's process may use: how many threads it starts can decide the last digits of a sum, so that
 * it is what the stage declares, whatever this machine has. A command gets one; it asks with `${resources.cpu}`, which is
 * in its text.
 */
export function usableCpu(cell: Pick<Cell, 'run' | 'resources'>): number {
  return cell.run.kind === 'module' ? cell.resources.cpu : 1;
}

/** The sha256 of the canonical fingerprint. Equal fingerprints have equal keys whatever order their maps are in. */
export function keyOf(fingerprint: Fingerprint): Key {
  return keyOfParams(fingerprint, fingerprint.params);
}

/**
 * Key of the checkpoint folder: as if the excluded params (paths into the stage's params, joined by dots) were not
 * there, so that a run of 200 epochs finds what one of 100 left.
 */
export function checkpointKeyOf(fingerprint: Fingerprint, excluding: readonly string[]): Key {
  let params: JsonObject = fingerprint.params;
  for (const path of excluding) params = without(params, path.split('.'));
  return sha256Of(`checkpoint ${keyOfParams(fingerprint, params)}`) as string as Key;
}

function keyOfParams(fingerprint: Fingerprint, params: JsonObject): Key {
  const { code } = fingerprint;
  const document = {
    version: fingerprint.version,
    // The bundle stands for its files; where the entry lies does not change what it does.
    code:
      code.kind === 'module'
        ? { kind: code.kind, bundle: code.bundle, packages: code.packages }
        : commandCode(code),
    params,
    axes: fingerprint.axes,
    deps: depsAsJson(fingerprint.deps),
    env: fingerprint.env,
    tools: fingerprint.tools,
    outs: fingerprint.outs,
    ...(fingerprint.cpu === undefined ? {} : { cpu: fingerprint.cpu }),
  };
  return sha256Of(canonicalJson(document)) as string as Key;
}

/** The code beside a command is left out where it names none: no other key has it. */
function commandCode({ traced, ...command }: Extract<CodeFingerprint, { kind: 'command' }>): JsonObject {
  return traced === undefined
    ? command
    : { ...command, traced: { bundle: traced.bundle, packages: traced.packages } };
}

function depsAsJson(deps: Readonly<Record<string, DepFingerprint>>): JsonObject {
  const result: Record<string, Json> = {};
  for (const [name, dep] of Object.entries(deps)) {
    result[name] =
      dep.kind === 'one'
        ? { kind: 'one', sha256: dep.sha256, name: dep.name }
        : {
            kind: 'gather',
            planned: dep.planned,
            items: dep.items.map(({ axes, sha256, name }) => ({ axes, sha256, name })),
          };
  }
  return result;
}

/** Digest of everything a dep stands for: one for a gathered dep too. */
export function depDigest(dep: DepFingerprint): Sha256 {
  return dep.kind === 'one' ? dep.sha256 : sha256Of(canonicalJson(depsAsJson({ dep })));
}

function without(object: JsonObject, path: readonly string[]): JsonObject {
  const [first = '', ...rest] = path;
  if (!Object.hasOwn(object, first)) return object;
  const { [first]: removed, ...others } = object;
  if (rest.length === 0 || !isJsonObject(removed)) return rest.length === 0 ? others : object;
  return { ...others, [first]: without(removed, rest) };
}
