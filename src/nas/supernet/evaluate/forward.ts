/**
 * The evaluation forward pass: computes only what reaches the output, and keeps the first cell's intermediate values
 * while the architectures that share them are evaluated.
 */
import type { Backend, Tensor } from '../../backend/contract/backend.ts';
import { type Architecture, edges, operations } from '../../space/architecture.ts';
import type { CellLayout, ReductionLayout } from '../network/layout.ts';
import type { Network } from '../network/network.ts';
import type { Normaliser } from './normalise.ts';

/** Values that hang on one node of a cell: its sum, its ReLU, the results of edges that leave it. */
class NodeValues {
  readonly #backend: Backend;
  readonly #values = new Map<string, Tensor>();
  readonly #owned: Tensor[] = [];

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get(name: string, compute: () => Tensor): Tensor {
    let value = this.#values.get(name);
    if (!value) {
      value = compute();
      this.#values.set(name, value);
      this.#owned.push(value);
    }
    return value;
  }

  /** A value that belongs to someone else. */
  borrow(name: string, value: Tensor): void {
    this.#values.set(name, value);
  }

  /** The value, if it was computed. */
  peek(name: string): Tensor | undefined {
    return this.#values.get(name);
  }

  dispose(): void {
    this.#backend.dispose(this.#owned);
    this.#owned.length = 0;
    this.#values.clear();
  }
}

/** Edges in front of each node: its value depends on their operations alone. */
const prefixLength = [0, 1, 3, 6] as const;

/** One batch of images, and architecture after architecture on it. */
export class BatchForward {
  readonly #backend: Backend;
  readonly #network: Network;
  readonly #normaliser: Normaliser;
  readonly #stem: Tensor;
  /** Nodes 0, 1, 2 of the first cell, and the operations they were computed with. */
  readonly #first: readonly [NodeValues, NodeValues, NodeValues];
  #prefixes = ['', '', ''];

  constructor(backend: Backend, network: Network, normaliser: Normaliser, images: Tensor) {
    this.#backend = backend;
    this.#network = network;
    this.#normaliser = normaliser;
    this.#stem = normaliser.convNorm(images, network.layout.stem, 1, false);
    this.#first = [new NodeValues(backend), new NodeValues(backend), new NodeValues(backend)];
  }

  /** Logits [n, 10] of an architecture; the caller disposes them. Quickest when neighbours share their first digits. */
  logits(architecture: Architecture): Tensor {
    const backend = this.#backend;
    const { layout } = this.#network;
    let x = this.#firstCell(architecture);
    const advance = (next: Tensor) => {
      backend.dispose([x]);
      x = next;
    };
    layout.stages.forEach((cells, stage) => {
      if (stage > 0) advance(this.#reduction(x, layout.reductions[stage - 1]!));
      for (const cell of stage === 0 ? cells.slice(1) : cells) {
        const nodes = [new NodeValues(backend), new NodeValues(backend), new NodeValues(backend)];
        const next = this.#cell(cell, architecture, x, nodes);
        for (const node of nodes) node.dispose();
        advance(next);
      }
    });
    advance(this.#normaliser.normRelu(x, layout.headNorm));
    advance(backend.globalAvgPool(x));
    advance(
      backend.linear(
        x,
        this.#network.weights[layout.linearWeight]!,
        this.#network.weights[layout.linearBias]!,
      ),
    );
    return x;
  }

  dispose(): void {
    for (const node of this.#first) node.dispose();
    this.#backend.dispose([this.#stem]);
  }

  #firstCell(architecture: Architecture): Tensor {
    const prefixes = prefixLength.slice(0, 3).map((length) => architecture.slice(0, length).join(''));
    // Later nodes may borrow from earlier ones, so they go first.
    for (const node of [2, 1] as const)
      if (prefixes[node] !== this.#prefixes[node]) this.#first[node].dispose();
    this.#prefixes = prefixes;
    return this.#cell(this.#network.layout.stages[0]![0]!, architecture, this.#stem, this.#first);
  }

  /** The cell's output, a tensor of its own. */
  #cell(cell: CellLayout, architecture: Architecture, input: Tensor, nodes: readonly NodeValues[]): Tensor {
    const backend = this.#backend;
    const { nodeReduce } = this.#network.layout;
    const incoming = (node: number): Tensor[] =>
      edges.flatMap(([from, to], edge) =>
        to === node && architecture[edge] !== 0 ? [edgeResult(from, edge)] : [],
      );
    /** Sum or mean of what comes in; null where that is one tensor as it is. */
    const reduce = (node: number, inputs: readonly Tensor[]): Tensor | null => {
      if (inputs.length === 0) return backend.zeros(input.shape);
      const mean = nodeReduce === 'mean' && node > 1;
      if (inputs.length === 1) return mean ? backend.scale(inputs[0]!, 1 / node) : null;
      const sum = backend.addN(inputs);
      if (!mean) return sum;
      const result = backend.scale(sum, 1 / node);
      backend.dispose([sum]);
      return result;
    };
    const nodeValue = (node: number): Tensor => {
      if (node === 0) return input;
      const values = nodes[node]!;
      const known = values.peek('value');
      if (known) return known;
      const inputs = incoming(node);
      const reduced = reduce(node, inputs);
      if (reduced) return values.get('value', () => reduced);
      values.borrow('value', inputs[0]!);
      return inputs[0]!;
    };
    const edgeResult = (from: number, edge: number): Tensor => {
      const operation = operations[architecture[edge]!];
      const values = nodes[from]!;
      const own = cell.edges[edge]!;
      const source = nodeValue(from);
      const pooled = () => values.get('pool', () => this.#pool(source));
      switch (operation) {
        case 'skip':
          return own.skip === null
            ? source
            : values.get(`${edge}skip`, () => this.#plainConv(source, own.skip!));
        case 'pool':
          return own.pool === null
            ? pooled()
            : values.get(`${edge}pool`, () => this.#plainConv(pooled(), own.pool!));
        case 'conv1x1':
        case 'conv3x3': {
          const rectified = values.get('relu', () => backend.relu(source));
          return values.get(`${edge}${operation}`, () =>
            this.#normaliser.convNorm(rectified, own[operation]!, 1, false),
          );
        }
        case 'zero':
          throw new Error('an edge of zeros has no result');
      }
    };
    const inputs = incoming(3);
    // The output outlives the nodes, so a lone input is copied.
    return reduce(3, inputs) ?? backend.scale(inputs[0]!, 1);
  }

  #pool(x: Tensor): Tensor {
    return this.#backend.avgPool3(x, this.#network.layout.countPadding);
  }

  #plainConv(x: Tensor, parameter: number): Tensor {
    return this.#backend.conv2d(x, this.#network.weights[parameter]!, 1);
  }

  #reduction(x: Tensor, { first, second, shortcut }: ReductionLayout): Tensor {
    const backend = this.#backend;
    const rectified = backend.relu(x);
    const inner = this.#normaliser.convNorm(rectified, first, 2, true);
    const main = this.#normaliser.convNorm(inner, second, 1, false);
    const half = backend.avgPool2(x);
    const side = this.#plainConv(half, shortcut);
    const sum = backend.addN([main, side]);
    backend.dispose([rectified, inner, main, half, side]);
    return sum;
  }
}
