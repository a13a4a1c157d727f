/**
 * Generated images in ten classes, for machines without data: seven shapes and three textures in random colours, sizes,
 * places and rotations over shaded backgrounds, with noise. Colour says nothing about the class, so a network must learn
 * form; the noise and the small sizes keep even good networks well below 100 %.
 */
import { classCount, type ImageSet } from './image-set.ts';
import { Random } from './random.ts';

/** In label order. */
export const shapeNames = [
  'disc',
  'ring',
  'square',
  'frame',
  'triangle',
  'cross',
  'star',
  'stripes',
  'checks',
  'dots',
] as const;

export interface ShapesOptions {
  readonly count: number;
  /** 16 or 32 in the study; any even number works. */
  readonly side: number;
  readonly seed: number;
}

/** Draws the set. Labels cycle through the classes; each image depends on the seed and its number alone. */
export function drawShapes({ count, side, seed }: ShapesOptions): ImageSet {
  const labels = new Uint8Array(new SharedArrayBuffer(count));
  const pixels = new Uint8Array(new SharedArrayBuffer(count * side * side * 3));
  for (let n = 0; n < count; n++) {
    labels[n] = n % classCount;
    drawImage(labels[n]!, side, Random.stream(seed, `shape/${n}`), pixels, n * side * side * 3);
  }
  return { side, count, labels, pixels };
}

/** Samples a pixel in each direction for soft edges. */
const samples = 3;

function drawImage(label: number, side: number, random: Random, out: Uint8Array, offset: number): void {
  const inside = areas[shapeNames[label]!];
  const range = (low: number, high: number) => low + (high - low) * random.uniform();
  const background = colour(random);
  const foreground = colourApartFrom(background, random);
  const angle = range(0, 2 * Math.PI);
  const size = range(0.6, 0.95);
  const centreX = range(-0.2, 0.2);
  const centreY = range(-0.2, 0.2);
  const squeeze = range(0.75, 1);
  const shade = [range(-30, 30), range(-30, 30)] as const;
  const noise = range(5, 30);
  const cos = Math.cos(angle) / size;
  const sin = Math.sin(angle) / size;

  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let covered = 0;
      for (let s = 0; s < samples * samples; s++) {
        // Image coordinates run from −1 to 1; u and v are the shape's own.
        const px = (2 * (x + ((s % samples) + 0.5) / samples)) / side - 1 - centreX;
        const py = (2 * (y + (Math.floor(s / samples) + 0.5) / samples)) / side - 1 - centreY;
        if (inside((cos * px + sin * py) / squeeze, cos * py - sin * px)) covered++;
      }
      const share = covered / (samples * samples);
      const light = shade[0] * ((2 * x) / side - 1) + shade[1] * ((2 * y) / side - 1);
      for (let c = 0; c < 3; c++) {
        const value = background[c]! * (1 - share) + foreground[c]! * share + light + noise * random.normal();
        out[offset++] = Math.min(255, Math.max(0, Math.round(value)));
      }
    }
  }
}

type Colour = readonly [number, number, number];

function colour(random: Random): Colour {
  return [40 + random.int(176), 40 + random.int(176), 40 + random.int(176)];
}

/** Far enough away to be seen through the noise. */
function colourApartFrom(other: Colour, random: Random): Colour {
  for (;;) {
    const drawn = colour(random);
    const distance = Math.hypot(drawn[0] - other[0], drawn[1] - other[1], drawn[2] - other[2]);
    if (distance > 100) return drawn;
  }
}

const areas: Readonly<Record<(typeof shapeNames)[number], (u: number, v: number) => boolean>> = {
  disc: (u, v) => u * u + v * v < 0.64,
  ring: (u, v) => u * u + v * v < 0.81 && u * u + v * v > 0.25,
  square: (u, v) => Math.max(Math.abs(u), Math.abs(v)) < 0.7,
  frame: (u, v) => {
    const reach = Math.max(Math.abs(u), Math.abs(v));
    return reach < 0.8 && reach > 0.42;
  },
  triangle: (u, v) => v > -0.6 && v < 1 - 1.8 * Math.abs(u),
  cross: (u, v) => (Math.abs(u) < 0.28 && Math.abs(v) < 0.9) || (Math.abs(v) < 0.28 && Math.abs(u) < 0.9),
  star: (u, v) => Math.hypot(u, v) < 0.62 + 0.34 * Math.cos(5 * Math.atan2(v, u)),
  stripes: (u) => modulo(u, 0.62) < 0.31,
  checks: (u, v) => modulo(u, 0.9) < 0.45 !== modulo(v, 0.9) < 0.45,
  dots: (u, v) => Math.hypot(modulo(u, 0.62) - 0.31, modulo(v, 0.62) - 0.31) < 0.19,
};

function modulo(value: number, by: number): number {
  return value - by * Math.floor(value / by);
}
