/** Which stage makes what another one reads: DVC goes by paths, a pipeline file names the out. */
import type { Instance, Unit } from './dvc-units.ts';

export type Link =
  | { readonly kind: 'path' | 'outside' | 'remote'; readonly dep: number }
  /** `rest`: path within the out. */
  | {
      readonly kind: 'out';
      readonly dep: number;
      readonly unit: Unit;
      readonly out: number;
      readonly rest: string;
      readonly whole: boolean;
    }
  /** All cells of a stage; `deps` in the order of its cells, where each has a dep of its own. */
  | {
      readonly kind: 'gather';
      readonly deps: readonly number[];
      readonly unit: Unit;
      readonly out: number;
      readonly whole: boolean;
    };

interface Producer {
  readonly unit: Unit;
  readonly instance: Instance;
  readonly out: number;
  /** The dep is the out, lies in it, or is a folder in which the out lies. */
  readonly relation: 'same' | 'within' | 'around';
  readonly rest: string;
}

/** The links of every unit, or the families that must be taken apart before their edges can be said. */
export function linksOf(units: readonly Unit[]): {
  readonly links: ReadonlyMap<Unit, readonly Link[]>;
  readonly expand: ReadonlySet<string>;
} {
  const made = units.flatMap((unit) =>
    unit.instances.flatMap((instance) => instance.outs.map((path, out) => ({ unit, instance, out, path }))),
  );
  const producersOf = (path: string): readonly Producer[] =>
    made.flatMap(({ unit, instance, out, path: other }): readonly Producer[] => {
      if (path === other) return [{ unit, instance, out, relation: 'same', rest: '' }];
      if (path.startsWith(`${other}/`))
        return [{ unit, instance, out, relation: 'within', rest: path.slice(other.length + 1) }];
      return other.startsWith(`${path}/`) ? [{ unit, instance, out, relation: 'around', rest: '' }] : [];
    });
  const links = new Map<Unit, readonly Link[]>();
  const expand = new Set<string>();
  for (const unit of units) links.set(unit, new UnitLinks(unit, producersOf, expand).links());
  return { links, expand };
}

class UnitLinks {
  readonly #unit: Unit;
  readonly #producersOf: (path: string) => readonly Producer[];
  readonly #expand: Set<string>;
  readonly #pending: { readonly dep: number; readonly producer: Producer }[] = [];

  constructor(unit: Unit, producersOf: (path: string) => readonly Producer[], expand: Set<string>) {
    this.#unit = unit;
    this.#producersOf = producersOf;
    this.#expand = expand;
  }

  links(): readonly Link[] {
    const found = this.#unit.deps.flatMap((_, dep) => this.#linksOf(dep));
    return [...found, ...this.#gathers()];
  }

  #linksOf(dep: number): readonly Link[] {
    const unit = this.#unit;
    const each = unit.instances.map((instance) =>
      this.#producersOf(instance.deps[dep] ?? '').filter((one) => one.instance !== instance),
    );
    if (each.every((producers) => producers.length === 0)) return [{ kind: this.#kind(dep), dep }];
    const [first = []] = each;
    const [one] = first;
    const single = each.every(
      (producers) =>
        producers.length === 1 &&
        producers[0]?.unit === one?.unit &&
        producers[0]?.out === one?.out &&
        producers[0]?.relation === one?.relation &&
        producers[0]?.rest === one?.rest,
    );
    if (one && single && each.every((producers, index) => this.#aligned(unit.instances[index], producers[0])))
      return [
        { kind: 'out', dep, unit: one.unit, out: one.out, rest: one.rest, whole: one.relation !== 'around' },
      ];
    if (unit.axes.length > 0) {
      this.#expand.add(unit.family);
      return [];
    }
    return first.flatMap((producer): readonly Link[] => {
      if (producer.unit.axes.length === 0)
        return [
          {
            kind: 'out',
            dep,
            unit: producer.unit,
            out: producer.out,
            rest: producer.rest,
            whole: producer.relation !== 'around',
          },
        ];
      this.#pending.push({ dep, producer });
      return [];
    });
  }

  #kind(dep: number): 'path' | 'outside' | 'remote' {
    const paths = this.#unit.instances.map((instance) => instance.deps[dep] ?? '');
    if (paths.some((path) => /^[a-z][a-z0-9+.-]*:\/\//i.test(path))) return 'remote';
    if (!paths.some((path) => path.startsWith('/') || path === '..' || path.startsWith('../'))) return 'path';
    if (new Set(paths).size > 1) this.#expand.add(this.#unit.family);
    return 'outside';
  }

  /** The engine would give this cell that very cell: the values of every axis they share are the same. */
  #aligned(instance: Instance | undefined, producer: Producer | undefined): boolean {
    if (!instance || !producer) return false;
    return producer.unit.axes.every((axis, index) => {
      const own = this.#unit.axes.findIndex((one) => one.axis === axis.axis);
      return own >= 0 && instance.picks[own] === producer.instance.picks[index];
    });
  }

  /** A stage without axes that reads every cell of another gathers it; some of them it can only name one by one. */
  #gathers(): readonly Link[] {
    const groups = new Map<string, { readonly dep: number; readonly producer: Producer }[]>();
    for (const one of this.#pending) {
      const name = `${one.producer.out} ${one.producer.unit.name}`;
      groups.set(name, [...(groups.get(name) ?? []), one]);
    }
    return [...groups.values()].flatMap((group): readonly Link[] => {
      const [first] = group;
      if (!first) return [];
      const { unit, out } = first.producer;
      const ofCells = unit.instances.map((instance) =>
        group.filter(({ producer }) => producer.instance === instance),
      );
      if (
        ofCells.some((ofCell) => ofCell.length !== 1) ||
        group.some(({ producer }) => producer.relation === 'within')
      ) {
        this.#expand.add(unit.family);
        return [];
      }
      const whole = group.every(({ producer }) => producer.relation === 'same');
      return [{ kind: 'gather', deps: ofCells.map(([one]) => one?.dep ?? 0), unit, out, whole }];
    });
  }
}
