/**
 * What a network consists of, without any numbers: parameters and normalisations with their names and shapes, and
 * which cell, edge and operation uses which. Covers the super-network and NAS-Bench-201's stand-alone networks.
 */
import { classCount } from '../../data/image-set.ts';
import { type Architecture, edges, type OperationId, operations } from '../../space/architecture.ts';
import { available } from '../../space/mask.ts';
import type { Variant } from './options.ts';

export interface Parameter {
  /** PyTorch's state-dict name, e.g. `stages.0.cells.1.edges.3.conv3x3.conv.weight`. */
  readonly name: string;
  /** HWIO of a convolution, [in, out] of the linear layer, [c] else. */
  readonly shape: readonly number[];
  readonly kind: 'conv' | 'linear' | 'bias' | 'scale' | 'offset';
  /** Inputs of one output: decides the initial range of conv, linear and bias. */
  readonly fanIn: number;
}

/** A batch normalisation: two running statistics, and the indices of its affine parameters; null: not affine. */
export interface Norm {
  readonly name: string;
  readonly channels: number;
  readonly scale: number | null;
  readonly offset: number | null;
}

/** Indices into `parameters` and `norms`. */
export interface ConvNorm {
  readonly conv: number;
  readonly norm: number;
}

export interface EdgeLayout {
  readonly conv1x1: ConvNorm | null;
  readonly conv3x3: ConvNorm | null;
  /** Linear transformers. */
  readonly skip: number | null;
  readonly pool: number | null;
}

export interface CellLayout {
  readonly channels: number;
  /** One an edge of the space. */
  readonly edges: readonly EdgeLayout[];
}

export interface ReductionLayout {
  readonly first: ConvNorm;
  readonly second: ConvNorm;
  readonly shortcut: number;
}

export interface Layout {
  readonly parameters: readonly Parameter[];
  readonly norms: readonly Norm[];
  readonly stem: ConvNorm;
  /** [stage][cell]. */
  readonly stages: readonly (readonly CellLayout[])[];
  /** Between the stages. */
  readonly reductions: readonly ReductionLayout[];
  readonly headNorm: number;
  readonly linearWeight: number;
  readonly linearBias: number;
  readonly nodeReduce: 'mean' | 'sum';
  readonly countPadding: boolean;
}

export type LayoutOptions = Pick<
  Variant,
  'channels' | 'cellsPerStage' | 'nodeReduce' | 'countPadding' | 'linearTransformer'
>;

/** The super-network: every available operation on every edge; normalisation in cells is not affine. */
export function superNetworkLayout(options: LayoutOptions & Pick<Variant, 'mask'>): Layout {
  const left = available(options.mask);
  return build(
    options,
    edges.map(() => left),
    false,
  );
}

/** One architecture alone, in NAS-Bench-201's macro skeleton: normalisation in cells is affine, nodes are summed. */
export function standAloneLayout(
  architecture: Architecture,
  options: Pick<Variant, 'channels' | 'cellsPerStage' | 'countPadding'>,
): Layout {
  return build(
    { ...options, nodeReduce: 'sum', linearTransformer: 'none' },
    architecture.map((operation) => [operation]),
    true,
  );
}

/** Trainable numbers. */
export function parameterCount(layout: Layout): number {
  return layout.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Parameters and norms in the order in which they are asked for; each is known by its number. */
class Numbered {
  readonly parameters: Parameter[] = [];
  readonly norms: Norm[] = [];

  add(name: string, shape: readonly number[], kind: Parameter['kind'], fanIn: number): number {
    return this.parameters.push({ name, shape, kind, fanIn }) - 1;
  }

  conv(name: string, size: number, from: number, to: number): number {
    return this.add(`${name}.weight`, [size, size, from, to], 'conv', size * size * from);
  }

  norm(name: string, channels: number, affine: boolean): number {
    const scale = affine ? this.add(`${name}.weight`, [channels], 'scale', channels) : null;
    const offset = affine ? this.add(`${name}.bias`, [channels], 'offset', channels) : null;
    return this.norms.push({ name, channels, scale, offset }) - 1;
  }

  edge(
    name: string,
    ids: readonly OperationId[],
    {
      channels,
      affine,
      transformer,
    }: {
      readonly channels: number;
      readonly affine: boolean;
      readonly transformer: LayoutOptions['linearTransformer'];
    },
  ): EdgeLayout {
    const has = (operation: (typeof operations)[number]) => ids.some((id) => operations[id] === operation);
    const convNorm = (operation: 'conv1x1' | 'conv3x3', size: number): ConvNorm | null =>
      has(operation)
        ? {
            conv: this.conv(`${name}.${operation}.conv`, size, channels, channels),
            norm: this.norm(`${name}.${operation}.bn`, channels, affine),
          }
        : null;
    const linear = (operation: 'skip' | 'pool', wanted: boolean) =>
      wanted && has(operation) ? this.conv(`${name}.${operation}.transformer`, 1, channels, channels) : null;
    return {
      skip: linear('skip', transformer !== 'none'),
      conv1x1: convNorm('conv1x1', 1),
      conv3x3: convNorm('conv3x3', 3),
      pool: linear('pool', transformer === 'skip+pool'),
    };
  }
}

function build(
  options: LayoutOptions,
  perEdge: readonly (readonly OperationId[])[],
  affineCells: boolean,
): Layout {
  const numbered = new Numbered();
  const conv = numbered.conv.bind(numbered);
  const norm = numbered.norm.bind(numbered);

  const { channels } = options;
  const stem = { conv: conv('stem.conv', 3, 3, channels), norm: norm('stem.bn', channels, true) };
  const stages: CellLayout[][] = [];
  const reductions: ReductionLayout[] = [];
  for (let stage = 0; stage < 3; stage++) {
    const width = channels * 2 ** stage;
    if (stage > 0) {
      const name = `reductions.${stage - 1}`;
      reductions.push({
        first: { conv: conv(`${name}.conv1`, 3, width / 2, width), norm: norm(`${name}.bn1`, width, true) },
        second: { conv: conv(`${name}.conv2`, 3, width, width), norm: norm(`${name}.bn2`, width, true) },
        shortcut: conv(`${name}.shortcut`, 1, width / 2, width),
      });
    }
    stages.push(
      Array.from({ length: options.cellsPerStage }, (_, cell) => ({
        channels: width,
        edges: perEdge.map((ids, edge) =>
          numbered.edge(`stages.${stage}.cells.${cell}.edges.${edge}`, ids, {
            channels: width,
            affine: affineCells,
            transformer: options.linearTransformer,
          }),
        ),
      })),
    );
  }
  const width = channels * 4;
  const headNorm = norm('head.bn', width, true);
  const { parameters, norms } = numbered;
  return {
    parameters,
    norms,
    stem,
    stages,
    reductions,
    headNorm,
    linearWeight: numbered.add('head.linear.weight', [width, classCount], 'linear', width),
    linearBias: numbered.add('head.linear.bias', [classCount], 'bias', width),
    nodeReduce: options.nodeReduce,
    countPadding: options.countPadding,
  };
}
