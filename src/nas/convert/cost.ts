/**
 * Parameters and FLOPs of a stand-alone network in the NAS-Bench-201 skeleton (Dong & Yang 2020, figure 1): stem, three
 * stages of 5 cells with 16, 32 and 64 channels, a residual block between stages, a linear head. To check a raw file.
 */
import type { Architecture } from '../space/architecture.ts';

const cellsPerStage = 5;
const widths = [16, 32, 64] as const;

export interface Cost {
  /** Trainable parameters. */
  readonly params: number;
  /** Multiply-adds of one image, as the benchmark counts them: convolutions and the head with its bias; no BN, no pooling. */
  readonly flops: number;
}

/** What the architecture costs with so many classes and images of `side`×`side` pixels (32; ImageNet16-120: 16). */
export function cost(architecture: Architecture, classes: number, side: number): Cost {
  let params = 0;
  let flops = 0;
  /** A convolution without bias, at a number of output pixels; with affine batch norm or without. */
  const convolve = (kernel: number, from: number, to: number, pixels: number, norm: boolean) => {
    const weights = kernel * kernel * from * to;
    params += weights + (norm ? 2 * to : 0);
    flops += weights * pixels;
  };
  convolve(3, 3, widths[0], side * side, true);
  for (const [stage, width] of widths.entries()) {
    const pixels = (side >> stage) ** 2;
    if (stage > 0) {
      const before = widths[stage - 1]!;
      convolve(3, before, width, pixels, true);
      convolve(3, width, width, pixels, true);
      convolve(1, before, width, pixels, false);
    }
    for (const operation of architecture) {
      for (let cell = 0; cell < cellsPerStage; cell++) {
        if (operation === 2) convolve(1, width, width, pixels, true);
        if (operation === 3) convolve(3, width, width, pixels, true);
      }
    }
  }
  const last = widths[2];
  const head = last * classes + classes;
  return { params: params + 2 * last + head, flops: flops + head };
}
