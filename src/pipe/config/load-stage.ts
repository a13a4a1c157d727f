/** One stage of the file → StageDoc, with everything checked that needs no other stage. */

import type { Position } from '../../lib/diagnostics/diagnostic.ts';
import type { Report } from '../../lib/diagnostics/diagnostics.ts';
import { checkShape } from '../../lib/diagnostics/shape.ts';
import type { SourceText } from '../../lib/diagnostics/source-text.ts';
import { didYouMean, listOf } from '../../lib/diagnostics/suggest.ts';
import type { YamlEntry, YamlNode } from '../../lib/diagnostics/yaml-node.ts';
import { checkReferences } from './check-references.ts';
import type {
  EnvDoc,
  LinkMode,
  MatrixDoc,
  MatrixPattern,
  OutDoc,
  PythonDoc,
  RunDoc,
  StageDoc,
} from './document.ts';
import { milliseconds } from './duration.ts';
import { checkExecutor } from './load-executor.ts';
import type { Scope } from './scope.ts';
import { type RawPattern, type RawStage, stageSchema } from './stage-schema.ts';

/** Undefined when a mistake leaves nothing to plan with. */
export function loadStage(entry: YamlEntry, scope: Scope): StageDoc | undefined {
  const { source, report } = scope;
  const name = entry.key;
  const shaped = checkShape(stageSchema, entry.value, `stage \`${name}\``, { source, report });
  const at = source.at(entry.keySpan);
  if (!shaped) return undefined;
  const { value: raw, node } = shaped;
  const where = positions(node, source);
  const place = (...path: readonly (string | number)[]): Position => where.get(path.join('.')) ?? at;
  const run = loadRun(raw, name, at, place, scope);
  const matrix = loadMatrix(raw, name, place, scope);
  checkReferences(node, raw, matrix?.axes ?? meantAxes(raw, scope), scope);
  for (const dep of Object.keys(raw.gather ?? {})) {
    if (Object.hasOwn(raw.deps ?? {}, dep)) continue;
    const hint = didYouMean(dep, Object.keys(raw.deps ?? {}));
    report(
      'gather-dep',
      place('gather', dep),
      `stage \`${name}\` gathers \`${dep}\`, which is none of its deps`,
      hint,
    );
  }
  if (raw.executor !== undefined) checkExecutor(raw.executor, scope.executors, place('executor'), report);
  const env = loadEnv(raw, name, place, report);
  if (run === undefined || matrix === undefined) return undefined;
  const timeout = raw.timeout === undefined ? null : milliseconds(raw.timeout);
  return {
    name,
    description: raw.description ?? '',
    when: raw.when ?? null,
    run,
    matrix,
    deps: Object.entries(raw.deps ?? {}).map(([dep, ref]) => ({ name: dep, ref, at: place('deps', dep) })),
    gather: new Map(Object.entries(raw.gather ?? {})),
    params: raw.params ?? {},
    outs: Object.entries(raw.outs).map(([out, value]) => loadOut(out, value, place('outs', out), scope.link)),
    resources: raw.resources ?? {},
    executor: raw.executor ?? null,
    env,
    tools: new Map(Object.entries(raw.tools ?? {})),
    checkpoint:
      raw.checkpoint === undefined ? null : raw.checkpoint === true ? { excluding: [] } : raw.checkpoint,
    frozen: raw.frozen ?? null,
    always: raw.always ?? false,
    retries: raw.retries ?? 0,
    timeoutMs: timeout,
    estimate: raw.estimate ?? null,
    watch: raw.watch ?? 'restart',
    at,
    where,
  };
}

/** Axes that a stage with a mistake in its matrix may have meant: what they stand for is not reported as a second mistake. */
function meantAxes({ matrix = [] }: RawStage, { axisNames }: Scope): readonly string[] {
  const axes = Array.isArray(matrix) ? matrix : matrix.axes;
  return axes.every((axis) => axisNames.has(axis)) ? axes : [...axes, ...axisNames.keys()];
}

type Place = (...path: readonly (string | number)[]) => Position;

function loadRun(
  raw: RawStage,
  name: string,
  at: Position,
  place: Place,
  { report, shell, python }: Scope,
): RunDoc | undefined {
  if (raw.run !== undefined && raw.cmd !== undefined) {
    report('run-or-cmd', place('cmd'), `stage \`${name}\` has both \`run\` and \`cmd\``, 'keep one of them');
    return undefined;
  }
  if (raw.warm !== undefined && (raw.run === undefined || pythonEntry.test(raw.run))) {
    const what = raw.run === undefined ? 'a command' : `\`${raw.run}\``;
    report(
      'not-warm',
      place('warm'),
      `\`warm\` is for a \`run\` in TypeScript or JavaScript, and ${what} is none`,
    );
  }
  const traced = () => pythonOf(raw.python ?? python, raw.code ?? []);
  if (raw.run !== undefined) {
    const isPython = pythonEntry.test(raw.run);
    for (const key of ['python', 'code'] as const)
      if (raw[key] !== undefined && !isPython)
        report('not-python', place(key), `\`${key}\` is for stages in Python, and \`${raw.run}\` is none`);
    const warm = raw.warm === undefined ? {} : { warm: raw.warm };
    return { kind: 'module', file: raw.run, python: isPython ? traced() : null, ...warm, at: place('run') };
  }
  if (raw.cmd !== undefined) {
    if (raw.python !== undefined && raw.code === undefined)
      report(
        'not-python',
        place('python'),
        `\`python\` goes with \`run\` or \`code\`, and stage \`${name}\` has neither`,
      );
    return {
      kind: 'command',
      command: raw.cmd,
      python: raw.code === undefined ? null : traced(),
      shell: raw.shell ?? shell,
      at: place('cmd'),
    };
  }
  const hint = '`run: stages/x.py` or `run: stages/x.ts` for a module, `cmd: …` for a command';
  report('run-or-cmd', at, `stage \`${name}\` has neither \`run\` nor \`cmd\``, hint);
  return undefined;
}

/** `train.py`, or `package.module:function`. */
const pythonEntry = /\.py$|^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$/;

function pythonOf(python: NonNullable<RawStage['python']>, code: readonly string[]): PythonDoc {
  if (typeof python === 'string' || Array.isArray(python))
    return { interpreter: launcherOf(python), code, locks: [] };
  const { lock = [], ...how } = python;
  return { interpreter: interpreterOf(how), code, locks: [lock].flat() };
}

type Python = Exclude<NonNullable<RawStage['python']>, string | string[]>;

function interpreterOf({ command, venv, uv, conda }: Python): PythonDoc['interpreter'] {
  if (venv !== undefined) return [`${venv.replace(/\/+$/, '')}/bin/python`];
  // Frozen: a run installs nothing, and leaves the lock file as it is.
  if (uv) return ['uv', 'run', '--frozen', 'python'];
  if (conda !== undefined)
    return ['conda', 'run', '--no-capture-output', conda.includes('/') ? '-p' : '-n', conda, 'python'];
  return launcherOf(command ?? 'python3');
}

function launcherOf(python: string | readonly string[]): PythonDoc['interpreter'] {
  const [command = 'python3', ...args] = typeof python === 'string' ? [python] : python;
  return [command, ...args];
}

function loadOut(name: string, raw: RawStage['outs'][string], at: Position, usual: LinkMode): OutDoc {
  if (typeof raw === 'string') return { name, path: raw, place: null, link: usual, report: null, at };
  const { path, place = null, link = usual, report = null } = raw;
  return { name, path, place, link, report, at };
}

/** Null: no matrix. Undefined: a mistake. */
function loadMatrix(raw: RawStage, stage: string, place: Place, scope: Scope): MatrixDoc | null | undefined {
  const { report } = scope;
  if (raw.matrix === undefined) return null;
  const list = Array.isArray(raw.matrix);
  const axes = Array.isArray(raw.matrix) ? raw.matrix : raw.matrix.axes;
  const prefix = list ? ['matrix'] : ['matrix', 'axes'];
  let good = true;
  for (const [index, axis] of axes.entries()) {
    if (!scope.axisNames.has(axis)) {
      const hint = didYouMean(axis, scope.axisNames.keys()) ?? `there is ${listOf(scope.axisNames.keys())}`;
      report('unknown-axis', place(...prefix, index), `no axis is called \`${axis}\``, hint);
      good = false;
    } else if (axes.indexOf(axis) < index) {
      report('duplicate-value', place(...prefix, index), `stage \`${stage}\` names axis \`${axis}\` twice`);
      good = false;
    } else if (!scope.axes.has(axis)) good = false;
  }
  const empty = { only: [], exclude: [], include: [] };
  const { only = [], exclude = [], include = [] } = Array.isArray(raw.matrix) ? empty : raw.matrix;
  const patterns = (kind: 'only' | 'exclude' | 'include', given: readonly RawPattern[]): MatrixPattern[] =>
    given.map((pattern, index) => {
      const [checked, fine] = loadPattern(pattern, axes, ['matrix', kind, index], place, scope);
      good &&= fine;
      return checked;
    });
  const built = { only: patterns('only', only), exclude: patterns('exclude', exclude) };
  const included = patterns('include', include).flatMap((pattern, index) => {
    const missing = axes.filter((axis) => !Object.hasOwn(pattern, axis));
    if (missing.length > 0 && good) {
      const message = `this combination names no value of ${listOf(missing)}`;
      report('matrix-include', place('matrix', 'include', index), message, 'name a value of every axis');
      good = false;
    }
    return combinations(pattern);
  });
  return good ? { axes, ...built, include: included, at: place('matrix') } : undefined;
}

function loadPattern(
  raw: RawPattern,
  axes: readonly string[],
  path: readonly (string | number)[],
  place: Place,
  scope: Scope,
): [MatrixPattern, boolean] {
  let good = true;
  const pattern: Record<string, readonly string[]> = {};
  for (const [axis, value] of Object.entries(raw)) {
    const known = scope.axisNames.get(axis);
    if (!axes.includes(axis)) {
      const hint = didYouMean(axis, axes) ?? `its axes are ${listOf(axes)}`;
      scope.report('unknown-axis', place(...path, axis), `\`${axis}\` is no axis of this matrix`, hint);
      good = false;
      continue;
    }
    const names = (Array.isArray(value) ? value : [value]).map(String);
    for (const [index, name] of names.entries()) {
      if (known === undefined || known.has(name)) continue;
      const at = Array.isArray(value) ? place(...path, axis, index) : place(...path, axis);
      const hint = didYouMean(name, known) ?? `it has ${listOf(known)}`;
      scope.report('unknown-value', at, `axis \`${axis}\` has no value called \`${name}\``, hint);
      good = false;
    }
    pattern[axis] = names;
  }
  return [pattern, good];
}

function combinations(pattern: MatrixPattern): Record<string, string>[] {
  let all: Record<string, string>[] = [{}];
  for (const [axis, names] of Object.entries(pattern)) {
    all = all.flatMap((one) => names.map((name) => ({ ...one, [axis]: name })));
    if (all.length > 100_000) return all;
  }
  return all;
}

function loadEnv(raw: RawStage, stage: string, place: Place, report: Report): EnvDoc {
  const given = raw.env ?? {};
  const long = (['set', 'keyed', 'pass'] as const).some((key) => typeof given[key] === 'object');
  const parts = long ? (given as { set?: object; keyed?: string[]; pass?: string[] }) : { set: given };
  const set = Object.fromEntries(Object.entries(parts.set ?? {}).map(([key, value]) => [key, String(value)]));
  const env: EnvDoc = { set, keyed: parts.keyed ?? [], pass: parts.pass ?? [] };
  const seen = new Set<string>();
  const check = (name: string, at: Position): void => {
    if (seen.has(name))
      report('duplicate-value', at, `stage \`${stage}\` names the variable \`${name}\` twice`);
    if (name.startsWith('PIPE_') || name === 'CUDA_VISIBLE_DEVICES') {
      report('reserved-variable', at, `\`${name}\` is set by the engine and cannot be changed`);
    }
    seen.add(name);
  };
  for (const name of Object.keys(set)) check(name, place('env', ...(long ? ['set', name] : [name])));
  for (const [index, name] of env.keyed.entries()) check(name, place('env', 'keyed', index));
  for (const [index, name] of env.pass.entries()) check(name, place('env', 'pass', index));
  return env;
}

/** Where each key of the stage stands, by dotted path: a map's entry at its key, a list's item at itself. */
function positions(stage: YamlNode, source: SourceText): ReadonlyMap<string, Position> {
  const where = new Map<string, Position>();
  const visit = (node: YamlNode, path: string): void => {
    const below = (step: string | number): string => (path === '' ? String(step) : `${path}.${step}`);
    if (node.kind === 'map') {
      for (const entry of node.entries) {
        const value = entry.value.kind === 'scalar' && entry.value.end > entry.value.start;
        where.set(below(entry.key), source.at(value ? entry.value : entry.keySpan));
        visit(entry.value, below(entry.key));
      }
    }
    if (node.kind === 'list') {
      for (const [index, item] of node.items.entries()) {
        where.set(below(index), source.at(item));
        visit(item, below(index));
      }
    }
  };
  visit(stage, '');
  return where;
}
