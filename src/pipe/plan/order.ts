/** Stages in an order in which each comes after what it reads; a cycle is reported with its path. */
import type { Position } from '../../lib/diagnostics/diagnostic.ts';
import type { DepDoc } from '../config/document.ts';
import type { DepTarget, PlannedStage } from './dep.ts';

/** Stable: the file's order, each stage as early as its deps allow. Stages of a cycle come out somewhere, once. */
export function orderStages(
  planned: ReadonlyMap<string, PlannedStage>,
  targets: ReadonlyMap<string, ReadonlyMap<DepDoc, readonly DepTarget[]>>,
  report: (rule: string, at: Position, message: string, hint?: string) => void,
): readonly PlannedStage[] {
  const edges = new Map<string, readonly { readonly to: PlannedStage; readonly dep: DepDoc }[]>();
  for (const name of planned.keys()) edges.set(name, edgesOf(targets.get(name)));
  const order: PlannedStage[] = [];
  const state = new Map<string, 'open' | 'done'>();
  // A stack of our own: a chain of thousands of stages must not overflow the language's.
  for (const root of planned.values()) {
    if (state.has(root.doc.name)) continue;
    const stack = [{ stage: root, next: 0 }];
    state.set(root.doc.name, 'open');
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const edge = edges.get(top.stage.doc.name)?.[top.next++];
      if (edge === undefined) {
        state.set(top.stage.doc.name, 'done');
        order.push(top.stage);
        stack.pop();
        continue;
      }
      const name = edge.to.doc.name;
      const seen = state.get(name);
      if (seen === 'open') {
        const from = stack.findIndex((frame) => frame.stage.doc.name === name);
        const cycle = stack.slice(from).map((frame) => frame.stage.doc.name);
        const path = [...cycle, name].join(' → ');
        report(
          'cycle',
          edge.dep.at,
          `stages depend on each other in a cycle: ${path}`,
          'each arrow reads “needs”; take one away',
        );
      } else if (seen === undefined) {
        state.set(name, 'open');
        stack.push({ stage: edge.to, next: 0 });
      }
    }
  }
  return order;
}

function edgesOf(targets: ReadonlyMap<DepDoc, readonly DepTarget[]> | undefined) {
  const edges = new Map<string, { to: PlannedStage; dep: DepDoc }>();
  for (const [dep, found] of targets ?? []) {
    for (const target of found) {
      if (target.kind !== 'out') continue;
      const name = target.stage.doc.name;
      if (!edges.has(name)) edges.set(name, { to: target.stage, dep });
    }
  }
  return [...edges.values()];
}
