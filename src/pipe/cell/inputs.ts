/** What a cell reads, found on this machine: its fingerprint, the paths for its job, and what to look at again when it ends. */
import { basename, join } from 'node:path';
import { UserError } from '../../lib/diagnostics/diagnostic.ts';
import type { Digests } from '../digest/digests.ts';
import { type Look, PathError, type Reach } from '../digest/look.ts';
import { commandFingerprint } from '../job/command.ts';
import { stageEnvironment } from '../job/environment.ts';
import type { JobDep } from '../job/job.ts';
import { Masker, secretsOf } from '../job/mask.ts';
import { fingerprintOf } from '../key/cell-fingerprint.ts';
import type { DepFingerprint, Fingerprint } from '../key/fingerprint.ts';
import type { Origins } from '../key/reason.ts';
import { ToolError, type ToolProbes } from '../key/tool-probes.ts';
import type { Cell, CellId, DepBinding, GatherItem, Graph } from '../plan/graph.ts';
import { lookedAt, whereToPut } from '../sources/candidates.ts';
import type { SourceLookup } from '../sources/source.ts';
import type { OutRecord, OutRecords } from '../store/out-record.ts';
import type { CodeFingerprint } from '../trace/code-fingerprint.ts';
import { CodeError, type TracedFile } from '../trace/tracer.ts';
import type { Obstacle } from './cell-status.ts';
import type { CellTracer } from './cell-tracer.ts';

export interface Surroundings {
  /** Absolute path of the project. */
  readonly project: string;
  /** Of the run itself; stages see only what they name. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly digests: Digests;
  readonly tracer: CellTracer;
  readonly tools: ToolProbes;
  readonly source: SourceLookup;
  /** What the pipeline file says of them, for messages. */
  readonly sources: Graph['sources'];
  /** Outs of a cell whose outs are decided; undefined: they are not yet known. */
  readonly outsOf: (cell: CellId) => OutRecords | undefined;
  /** Absolute path of an out where people look at it. */
  readonly outPath: (cell: CellId, path: string) => string;
  /** Absolute path at which a stage reads an out. */
  readonly viewPath: (out: OutRecord) => string;
}

/** An out of another cell that a cell reads: by what it is, from the store. */
export interface UpstreamOut {
  readonly cell: CellId;
  readonly name: string;
  readonly out: OutRecord;
}

/** A path that was looked at for the key. */
export interface InputPath {
  readonly path: string;
  readonly reach: Reach;
  readonly look: Look;
}

export type Inputs =
  | {
      readonly kind: 'known';
      readonly fingerprint: Fingerprint;
      readonly deps: Readonly<Record<string, JobDep>>;
      readonly module: string | null;
      readonly origins: Origins;
      readonly paths: readonly InputPath[];
      /** Upstream outs as the key has them. */
      readonly upstream: readonly UpstreamOut[];
    }
  | { readonly kind: 'waiting'; readonly on: readonly CellId[] }
  | { readonly kind: 'blocked'; readonly obstacles: readonly Obstacle[] };

/** `without`: upstream cells that a gather goes on without. */
export async function inputsOf(
  cell: Cell,
  around: Surroundings,
  without: ReadonlySet<CellId>,
): Promise<Inputs> {
  const on = cell.upstream.filter((above) => !without.has(above) && around.outsOf(above) === undefined);
  if (on.length > 0) return { kind: 'waiting', on };

  const obstacles: Obstacle[] = [];
  const deps: Record<string, DepFingerprint> = {};
  const jobDeps: Record<string, JobDep> = {};
  const origins: Record<string, Origins[string]> = {};
  const paths: InputPath[] = [];
  const upstream: UpstreamOut[] = [];
  for (const dep of cell.deps) {
    const found = await attempt(obstacles, () => resolveDep(dep, around, without));
    if (found === null) continue;
    if ('obstacle' in found) obstacles.push(found.obstacle);
    else {
      deps[dep.name] = found.fingerprint;
      jobDeps[dep.name] = found.job;
      origins[dep.name] = found.origin;
      if (found.path) paths.push(found.path);
      upstream.push(...found.upstream);
    }
  }
  const code = await attempt(obstacles, () => codeOf(cell, around));
  const tools = await attempt(obstacles, () => toolsOf(cell, around));
  for (const file of code?.read ?? []) paths.push({ ...file, reach: 'anywhere' });
  if (obstacles.length > 0 || code === null || tools === null) return { kind: 'blocked', obstacles };
  return {
    kind: 'known',
    fingerprint: fingerprintOf(cell, { code: code.fingerprint, deps, env: envOf(cell, around.env), tools }),
    deps: jobDeps,
    module: code.module,
    origins,
    paths,
    upstream,
  };
}

interface FoundDep {
  readonly fingerprint: DepFingerprint;
  readonly job: JobDep;
  readonly origin: Origins[string];
  readonly path?: InputPath;
  readonly upstream: readonly UpstreamOut[];
}

async function resolveDep(
  dep: DepBinding,
  around: Surroundings,
  without: ReadonlySet<CellId>,
): Promise<FoundDep | { obstacle: Obstacle }> {
  if (dep.kind === 'path')
    return pathDep(dep.name, join(around.project, dep.path), dep.path, dep.path, around);
  if (dep.kind === 'source') return sourceDep(dep.name, dep.source, around);
  if (dep.kind === 'out') {
    const item = outItem(dep.cell, dep.out, around);
    return {
      fingerprint: { kind: 'one', sha256: item.out.sha256, name: basename(item.out.path) },
      job: { kind: 'one', path: around.viewPath(item.out) },
      origin: { origin: `${dep.cell}.${dep.out}`, cells: [dep.cell] },
      upstream: [item],
    };
  }
  const items = dep.items.filter(({ cell }) => !without.has(cell)).toSorted(byAxes);
  const found = items.map((item) => ({ axes: item.axes, ...outItem(item.cell, item.out, around) }));
  return {
    fingerprint: {
      kind: 'gather',
      planned: dep.items.length,
      items: found.map(({ axes, out }) => ({ axes, sha256: out.sha256, name: basename(out.path) })),
    },
    job: {
      kind: 'gather',
      items: found.map(({ out, axes }) => ({ path: around.viewPath(out), axes })),
      planned: dep.items.length,
    },
    origin: { origin: gatherOrigin(dep.items), cells: items.map(({ cell }) => cell) },
    upstream: found.map(({ cell, name, out }) => ({ cell, name, out })),
  };
}

async function sourceDep(
  dep: string,
  source: string,
  around: Surroundings,
): Promise<FoundDep | { obstacle: Obstacle }> {
  try {
    const found = await around.source(source);
    if (found) return await pathDep(dep, found.path, `source.${source}`, null, around);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // One source that is damaged or out of reach says nothing of the cells that do not read it.
    return { obstacle: { kind: 'source-missing', message: error.message, hint: error.hint ?? null } };
  }
  const { candidates = [], url = null } = around.sources.get(source) ?? {};
  const looked = lookedAt(around.project, candidates);
  const message = `dep ${dep}: source ${source} is not on this machine${looked === '' ? '' : `: looked at ${looked}`}`;
  const put = whereToPut(around.project, candidates);
  const hint = [...(url === null ? [] : ['`pipe run` downloads it']), ...(put === null ? [] : [put])].join(
    ', or ',
  );
  return { obstacle: { kind: 'source-missing', message, hint } };
}

/** `inside`: its path below the project; null for a source, which may lie anywhere and is known by its last name. */
async function pathDep(
  name: string,
  path: string,
  origin: string,
  inside: string | null,
  around: Surroundings,
): Promise<FoundDep | { obstacle: Obstacle }> {
  const reach: Reach = inside === null ? 'anywhere' : { folder: around.project };
  const look = await around.digests.look(path, reach);
  if (!look) {
    const message = `dep ${name}: ${origin} does not exist`;
    return { obstacle: { kind: 'dep-missing', message, hint: 'Create it, or correct the path under deps.' } };
  }
  return {
    fingerprint: { kind: 'one', sha256: look.sha256, name: inside ?? basename(path) },
    job: { kind: 'one', path },
    origin: { origin, cells: [] },
    path: { path, reach, look },
    upstream: [],
  };
}

function outItem(cell: CellId, name: string, around: Surroundings): UpstreamOut {
  const out = around.outsOf(cell)?.[name];
  if (!out) throw new Error(`${cell} is done but its out ${name} is not known`);
  return { cell, name, out };
}

function gatherOrigin(items: readonly GatherItem[]): string {
  const [first] = items;
  return first === undefined ? 'nothing' : `${first.cell.split('[')[0]}[…].${first.out}`;
}

/** By value, not by the order of the file: reordering an axis must rerun nothing. */
function byAxes(a: GatherItem, b: GatherItem): number {
  for (const axis of Object.keys(a.axes).sort()) {
    const [left = '', right = ''] = [a.axes[axis], b.axes[axis]];
    if (left === right) continue;
    const [x, y] = [Number(left), Number(right)];
    if (left.trim() !== '' && right.trim() !== '' && x !== y && Number.isFinite(x) && Number.isFinite(y))
      return x - y;
    return left < right ? -1 : 1;
  }
  return a.cell < b.cell ? -1 : 1;
}

async function codeOf(
  cell: Cell,
  around: Surroundings,
): Promise<{ fingerprint: CodeFingerprint; module: string | null; read: readonly TracedFile[] }> {
  const { run } = cell;
  if (run.kind === 'command') {
    const traced = run.python === null ? null : await around.tracer.traceCommand(cell, run.python);
    return {
      fingerprint: commandFingerprint(run, traced?.code ?? null),
      module: null,
      read: traced?.read ?? [],
    };
  }
  const { fingerprint, bundle, read } = await around.tracer.trace(cell);
  return { fingerprint, module: bundle, read };
}

async function toolsOf(cell: Cell, around: Surroundings): Promise<Record<string, string>> {
  const outputs: Record<string, string> = {};
  // What a probe prints is in the key, in manifests and on screens: a passed variable stays out of all of them.
  const masker = new Masker(secretsOf(cell.env, around.env));
  for (const [name, command] of cell.tools) {
    const env = stageEnvironment(cell.env, around.env, around.project);
    try {
      outputs[name] = masker.text(await around.tools.output(command, env));
    } catch (error) {
      throw error instanceof ToolError ? new ToolError(masker.text(error.message)) : error;
    }
  }
  return outputs;
}

/** Names under `pass` never get here: neither they nor their values may be in any file. */
function envOf(
  cell: Cell,
  caller: Readonly<Record<string, string | undefined>>,
): Record<string, string | null> {
  const env: Record<string, string | null> = {};
  for (const name of cell.env.keyed) env[name] = caller[name] ?? null;
  return Object.assign(env, cell.env.set);
}

/** Failures the user can mend become obstacles; null then. */
async function attempt<Value>(obstacles: Obstacle[], look: () => Promise<Value>): Promise<Value | null> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PathError)
      obstacles.push({ kind: 'unreadable', message: error.message, hint: null });
    else if (error instanceof ToolError)
      obstacles.push({ kind: 'tool', message: error.message, hint: error.hint });
    else if (error instanceof CodeError) {
      for (const { message, at, hint } of error.diagnostics) {
        const where = at.file === '' ? '' : `${at.file}:${at.line}:${at.column}: `;
        obstacles.push({ kind: 'code', message: `${where}${message}`, hint: hint ?? null });
      }
    } else throw error;
    return null;
  }
}
