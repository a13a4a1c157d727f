/**
 * Which architectures are one and the same computation on a network: what an edge holds does not matter where nothing
 * goes on from its node, and a lone skip passes its node's value on as it is. In a random sample of 1,000 every seventh
 * architecture computes what an earlier one does, to the bit, so an evaluation runs it once.
 */
import { type Architecture, edges, operations } from '../../space/architecture.ts';
import type { Layout } from '../network/layout.ts';

/**
 * A cell's output as an expression over its input `x`; equal expressions are equal logits, bit for bit. Follows what
 * BatchForward computes, the order of its sums included.
 */
export function computationOf(architecture: Architecture, { nodeReduce, stages }: Layout): string {
  // Which edges have parameters of their own is the same in every cell.
  const layout = stages[0]?.[0];
  if (layout === undefined) throw new Error('a network has cells');
  const known: (string | undefined)[] = ['x'];
  const nodeValue = (node: number): string => {
    const cached = known[node];
    if (cached !== undefined) return cached;
    const inputs = edges.flatMap(([from, to], edge) =>
      to === node && architecture[edge] !== 0 ? [edgeResult(from, edge)] : [],
    );
    const sum = inputs.length === 0 ? '0' : inputs.length === 1 ? inputs.join() : `(${inputs.join('+')})`;
    const value = nodeReduce === 'mean' && node > 1 && inputs.length > 0 ? `${sum}/${node}` : sum;
    known[node] = value;
    return value;
  };
  const edgeResult = (from: number, edge: number): string => {
    const source = nodeValue(from);
    const operation = operations[architecture[edge] ?? 0];
    const own = layout.edges[edge];
    if (operation === 'skip' && own?.skip === null) return source;
    if (operation === 'pool' && own?.pool === null) return `pool[${source}]`;
    return `${operation}${edge}[${source}]`;
  };
  return nodeValue(3);
}

/** What is computed once, and for whom. */
export interface Computation {
  /** One of those that it answers for. */
  readonly architecture: Architecture;
  /** Where in the list they stand. */
  readonly positions: readonly number[];
}

/** Sorts architectures by what they compute, in the order in which each computation is met first. */
export function groupByComputation(architectures: readonly Architecture[], layout: Layout): Computation[] {
  const groups = new Map<string, { readonly architecture: Architecture; readonly positions: number[] }>();
  for (const [position, architecture] of architectures.entries()) {
    const computation = computationOf(architecture, layout);
    const group = groups.get(computation);
    if (group) group.positions.push(position);
    else groups.set(computation, { architecture, positions: [position] });
  }
  return [...groups.values()];
}
