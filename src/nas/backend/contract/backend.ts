/**
 * What a super-network asks of a machine: a dozen differentiable kernels on float32 tensors in NHWC, each with its
 * gradient as a function of its own (the network's tape calls it; there is no automatic differentiation below).
 * Convolution filters are HWIO (height, width, in, out). Padding is PyTorch's: symmetric, (k−1)/2 on each side, at every
 * stride.
 */

/** A tensor of the backend that made it, float32; no other backend takes it. */
export interface Tensor {
  readonly shape: readonly number[];
}

export type BackendName = 'tensorflow' | 'wasm';
export type Shape4 = readonly [number, number, number, number];

export interface BackendId {
  readonly name: BackendName;
  /** Version of what computes: `tensorflow 2.21.0 (tfjs-node 4.22.0)`, `tfjs-backend-wasm 4.22.0`. */
  readonly version: string;
  readonly threads: number;
  /** Name of the GPU that computes; null: CPU. */
  readonly gpu: string | null;
}

/**
 * What batch normalisation keeps for its gradient. Belongs to the tensors' scope; `saved` may go once the gradient is
 * made, `mean` and `variance` stay without it.
 */
export interface BatchNormState {
  readonly x: Tensor;
  readonly saved: readonly Tensor[];
}

export interface Backend {
  readonly id: BackendId;
  /** Copies the values in. `values.length` = product of the shape. */
  tensor(values: Float32Array, shape: readonly number[]): Tensor;
  /** Copies the values out. */
  read(tensor: Tensor): Float32Array;
  /** Runs `body` and disposes every tensor made in it but those it returns (alone, or in arrays, objects, Maps of them). */
  scope<T>(body: () => T): T;
  dispose(tensors: Iterable<Tensor>): void;
  /** Tensors and bytes alive, for the leak test and the peak figure. */
  memory(): { readonly tensors: number; readonly bytes: number };

  /** x [n,h,w,i] ∗ w [k,k,i,o] → [n,h/stride,w/stride,o]; k odd. */
  conv2d(x: Tensor, w: Tensor, stride: 1 | 2): Tensor;
  /** conv2d plus bias b [o], then ReLU where asked, as one kernel: evaluation with batch normalisation folded in. */
  conv2dBias(x: Tensor, w: Tensor, b: Tensor, stride: 1 | 2, relu: boolean): Tensor;
  conv2dInputGrad(xShape: Shape4, w: Tensor, dy: Tensor, stride: 1 | 2): Tensor;
  conv2dFilterGrad(x: Tensor, wShape: Shape4, dy: Tensor, stride: 1 | 2): Tensor;

  /**
   * Normalises over n, h, w with the batch's own mean and biased variance. `mean` and `variance` (biased) [c] are
   * returned for the running statistics. scale and offset [c], or null for a layer that is not affine.
   */
  batchNorm(
    x: Tensor,
    scale: Tensor | null,
    offset: Tensor | null,
    epsilon: number,
  ): {
    readonly y: Tensor;
    readonly mean: Tensor;
    readonly variance: Tensor;
    readonly state: BatchNormState;
  };
  /** dScale and dOffset are null for a layer that is not affine. */
  batchNormGrad(
    dy: Tensor,
    scale: Tensor | null,
    state: BatchNormState,
    epsilon: number,
  ): {
    readonly dx: Tensor;
    readonly dScale: Tensor | null;
    readonly dOffset: Tensor | null;
  };
  /** Normalises with given statistics (evaluation). */
  batchNormFixed(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    scale: Tensor | null,
    offset: Tensor | null,
    epsilon: number,
  ): Tensor;

  relu(x: Tensor): Tensor;
  /** dy where y > 0, else 0; y is relu's result. */
  reluGrad(dy: Tensor, y: Tensor): Tensor;
  /** 3×3 average, stride 1, padding 1; countPadding: divide by 9 always, else by the cells inside the image. */
  avgPool3(x: Tensor, countPadding: boolean): Tensor;
  avgPool3Grad(xShape: Shape4, dy: Tensor, countPadding: boolean): Tensor;
  /** 2×2 average, stride 2, no padding; h and w even. */
  avgPool2(x: Tensor): Tensor;
  avgPool2Grad(xShape: Shape4, dy: Tensor): Tensor;
  /** [n,h,w,c] → [n,c]. */
  globalAvgPool(x: Tensor): Tensor;
  globalAvgPoolGrad(xShape: Shape4, dy: Tensor): Tensor;
  /** x [n,i] · w [i,o] + b [o]. */
  linear(x: Tensor, w: Tensor, b: Tensor): Tensor;
  linearGrad(
    x: Tensor,
    w: Tensor,
    dy: Tensor,
  ): { readonly dx: Tensor; readonly dw: Tensor; readonly db: Tensor };
  /** Mean cross-entropy of logits [n,k] against target distributions [n,k], and its gradient by the logits. */
  softmaxCrossEntropy(logits: Tensor, targets: Tensor): { readonly loss: Tensor; readonly dLogits: Tensor };

  /** Sum of one or more tensors of one shape. */
  addN(tensors: readonly Tensor[]): Tensor;
  /** x · factor. */
  scale(x: Tensor, factor: number): Tensor;
  /** Zeros of a shape. */
  zeros(shape: readonly number[]): Tensor;
  /** a·x + b·y, elementwise, one shape: running statistics and momentum. */
  axpby(a: number, x: Tensor, b: number, y: Tensor): Tensor;
  /** Flattens and joins into one vector; `unpack` undoes it. For the optimizer: few large operations. */
  pack(tensors: readonly Tensor[]): Tensor;
  unpack(vector: Tensor, shapes: readonly (readonly number[])[]): Tensor[];
  /** Square root of the sum of squares, as a number. */
  norm(vector: Tensor): number;
  /** Indices of the largest logit a row: [n,k] → n. */
  argMax(logits: Tensor): Int32Array;
}
