/** What differs between two results. Pure: where they are known from makes no difference. */
import { canonicalJson, type Json } from '../../lib/json.ts';
import { isRepetition, variantValues } from '../plan/repetition.ts';
import { flatParams } from '../report/model/params.ts';
import { meanInterval } from './interval.ts';
import type {
  ComparedTable,
  ResultCell,
  ResultClaim,
  ResultFigure,
  ResultMetric,
  Results,
} from './results.ts';

export interface ResultsDifference {
  readonly from: ComparedSide;
  readonly to: ComparedSide;
  readonly params: readonly ValueChange[];
  readonly software: readonly ValueChange[];
  readonly metrics: readonly MetricChange[];
  /** Metrics that are the same on both sides. */
  readonly sameMetrics: number;
  readonly claims: readonly (ValueChange & { readonly statement: string })[];
  readonly figures: readonly FigureChange[];
  readonly tables: readonly OutChange[];
  readonly newCells: readonly string[];
  readonly missingCells: readonly string[];
  /** Cells of both whose result is there on one side only. */
  readonly states: readonly ValueChange[];
}

export type ComparedSide = Pick<Results, 'label' | 'run' | 'revision' | 'profile' | 'notes'>;

export interface ValueChange {
  readonly name: string;
  /** Null: absent on that side. */
  readonly from: string | null;
  readonly to: string | null;
}

export interface MetricChange {
  readonly name: string;
  /** The cell, or `train[small]`: cells that differ in a repetition (seed, fold, repeat) only are one. */
  readonly of: string;
  /** Means over the cells that both sides have, or of the one side. */
  readonly from: number | null;
  readonly to: number | null;
  /** Mean of the differences cell by cell, over `n` cells, with its 95 % interval. */
  readonly delta: number | null;
  readonly interval: readonly [number, number] | null;
  readonly n: number;
  readonly unit: string | null;
  readonly better: ResultMetric['better'];
  /** `unclear`: the interval holds 0. Null: the stage does not say which direction is better, or one side is absent. */
  readonly verdict: 'better' | 'worse' | 'unclear' | null;
}

export interface OutChange {
  readonly name: string;
  readonly title: string;
  readonly how: 'changed' | 'new' | 'missing';
}

export interface FigureChange extends OutChange {
  readonly before: ResultFigure | null;
  readonly after: ResultFigure | null;
}

export function difference(from: Results, to: Results): ResultsDifference {
  const groups = metricGroups(from, to);
  const changed = groups.filter((group) => group.pairs.some(({ a, b }) => a?.value !== b?.value));
  const [before, after] = [cellsById(from), cellsById(to)];
  return {
    from: sideOf(from),
    to: sideOf(to),
    params: changes(new Map(flatParams(from.params)), new Map(flatParams(to.params))),
    software: softwareChanges(from, to),
    metrics: changed.map(metricChange),
    sameMetrics: groups.length - changed.length,
    claims: claimChanges(from.claims, to.claims),
    figures: figureChanges(from.figures, to.figures),
    tables: tableChanges(from.tables, to.tables),
    newCells: [...after.keys()].filter((id) => !before.has(id)),
    missingCells: [...before.keys()].filter((id) => !after.has(id)),
    states: [...before].flatMap(([name, cell]) => {
      const other = after.get(name);
      return other === undefined || other.state === cell.state
        ? []
        : [{ name, from: cell.state, to: other.state }];
    }),
  };
}

function sideOf({ label, run, revision, profile, notes }: Results): ComparedSide {
  return { label, run, revision, profile, notes };
}

function cellsById({ cells }: Results): ReadonlyMap<string, ResultCell> {
  return new Map(cells.map((cell) => [cell.id, cell]));
}

interface Pair {
  readonly a: ResultMetric | undefined;
  readonly b: ResultMetric | undefined;
}

interface MetricGroup {
  readonly name: string;
  readonly of: string;
  readonly pairs: readonly Pair[];
}

function metricGroups(from: Results, to: Results): readonly MetricGroup[] {
  const cells = new Map([...cellsById(from), ...cellsById(to)]);
  const byKey = (metrics: readonly ResultMetric[]) =>
    new Map(metrics.map((metric) => [JSON.stringify([metric.cell, metric.name]), metric]));
  const [before, after] = [byKey(from.metrics), byKey(to.metrics)];
  const groups = new Map<string, { name: string; of: string; pairs: Pair[] }>();
  for (const key of new Set([...after.keys(), ...before.keys()])) {
    const pair: Pair = { a: before.get(key), b: after.get(key) };
    const metric = pair.b ?? pair.a;
    if (metric === undefined) continue;
    const of = groupOf(metric.cell, cells.get(metric.cell));
    const id = JSON.stringify([of, metric.name]);
    const group = groups.get(id) ?? { name: metric.name, of, pairs: [] };
    group.pairs.push(pair);
    groups.set(id, group);
  }
  return [...groups.values()];
}

/** `train[small]` for `train[small,3]`, whose last axis is `seed`. */
function groupOf(id: string, cell: ResultCell | undefined): string {
  if (cell === undefined || !Object.keys(cell.axes).some(isRepetition)) return id;
  const rest = variantValues(cell.axes);
  return rest.length === 0 ? cell.stage : `${cell.stage}[${rest.join(',')}]`;
}

function metricChange({ name, of, pairs }: MetricGroup): MetricChange {
  const both = pairs.flatMap(({ a, b }) =>
    a?.value == null || b?.value == null ? [] : [{ a: a.value, b: b.value }],
  );
  const found = meanInterval(both.map(({ a, b }) => b - a));
  const values = (side: 'a' | 'b') => pairs.flatMap((pair) => pair[side]?.value ?? []);
  const mean = (side: 'a' | 'b') =>
    meanInterval(both.length > 0 ? both.map((pair) => pair[side]) : values(side))?.mean ?? null;
  const metric = pairs.map(({ a, b }) => b ?? a).find((one) => one !== undefined);
  const better = metric?.better ?? null;
  const delta = found?.mean ?? null;
  return {
    name,
    of,
    from: mean('a'),
    to: mean('b'),
    delta,
    interval: found?.interval ?? null,
    n: both.length,
    unit: metric?.unit ?? null,
    better,
    verdict: verdictOf(delta, found?.interval ?? null, better),
  };
}

function verdictOf(
  delta: number | null,
  interval: MetricChange['interval'],
  better: MetricChange['better'],
): MetricChange['verdict'] {
  if (delta === null || better === null) return null;
  if (delta === 0 || (interval !== null && interval[0] <= 0 && interval[1] >= 0)) return 'unclear';
  return delta > 0 === (better === 'higher') ? 'better' : 'worse';
}

function changes(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly ValueChange[] {
  return [...new Set([...after.keys(), ...before.keys()])]
    .sort()
    .map((name) => ({ name, from: before.get(name) ?? null, to: after.get(name) ?? null }))
    .filter((change) => change.from !== change.to);
}

/** A stage without a result on one side has no code there either: that says nothing of what differs. */
function softwareChanges(from: Results, to: Results): readonly ValueChange[] {
  const without = ({ cells }: Results) => {
    const there = new Set(cells.flatMap(({ stage, state }) => (state === 'there' ? [stage] : [])));
    return new Set(cells.flatMap(({ stage }) => (there.has(stage) ? [] : [`code of ${stage}`])));
  };
  const [lostBefore, lostAfter] = [without(from), without(to)];
  return changes(from.software, to.software).filter(
    ({ name }) => !lostBefore.has(name) && !lostAfter.has(name),
  );
}

function claimChanges(
  before: readonly ResultClaim[],
  after: readonly ResultClaim[],
): ResultsDifference['claims'] {
  const verdicts = (claims: readonly ResultClaim[]) =>
    new Map(claims.map(({ id, verdict }) => [id, verdict]));
  const statements = new Map([...before, ...after].map(({ id, statement }) => [id, statement]));
  return changes(verdicts(before), verdicts(after)).map((change) => ({
    ...change,
    statement: statements.get(change.name) ?? change.name,
  }));
}

function figureChanges(
  before: readonly ResultFigure[],
  after: readonly ResultFigure[],
): readonly FigureChange[] {
  const content = ({ spec, csv }: ResultFigure): Json => (spec === null ? csv : spec);
  return outChanges(before, after, ({ name }) => name, content).map(({ a, b, ...change }) => ({
    ...change,
    title: (b ?? a)?.meta.title ?? change.name,
    before: a,
    after: b,
  }));
}

function tableChanges(
  before: readonly ComparedTable[],
  after: readonly ComparedTable[],
): readonly OutChange[] {
  return outChanges(
    before,
    after,
    ({ cell, out }) => `${out} of ${cell}`,
    ({ rows }) => [...rows],
  ).map(({ a, b, ...change }) => ({ ...change, title: (b ?? a)?.title ?? change.name }));
}

interface OutPair<Out> {
  readonly name: string;
  readonly how: OutChange['how'];
  readonly a: Out | null;
  readonly b: Out | null;
}

function outChanges<Out>(
  before: readonly Out[],
  after: readonly Out[],
  nameOf: (out: Out) => string,
  content: (out: Out) => Json,
): readonly OutPair<Out>[] {
  const from = new Map(before.map((out) => [nameOf(out), out]));
  const to = new Map(after.map((out) => [nameOf(out), out]));
  return [...new Set([...to.keys(), ...from.keys()])].flatMap((name): OutPair<Out>[] => {
    const [a, b] = [from.get(name), to.get(name)];
    if (a === undefined || b === undefined)
      return [{ name, how: a === undefined ? 'new' : 'missing', a: a ?? null, b: b ?? null }];
    return canonicalJson(content(a)) === canonicalJson(content(b)) ? [] : [{ name, how: 'changed', a, b }];
  });
}
