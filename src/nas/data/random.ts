/**
 * Seeded random numbers whose state can be saved: xoshiro128** (Blackman & Vigna, 2018), one stream a purpose.
 * A stream is named by a seed and a text, so drawing more of one thing never shifts another.
 */

/** Four 32-bit words; what a checkpoint keeps. */
export type RandomState = [number, number, number, number];

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(state: Readonly<RandomState>) {
    [this.#a, this.#b, this.#c, this.#d] = state;
  }

  /** The stream of a seed for one purpose, e.g. `Random.stream(3, 'sampler')`. */
  static stream(seed: number, name: string): Random {
    const text = `${seed}/${name}`;
    const words = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0xdeadbeef].map((start) => {
      let hash = start;
      for (let i = 0; i < text.length; i++) hash = mix(Math.imul(hash ^ text.charCodeAt(i), 0x01000193));
      return mix(hash);
    });
    // All-zero is the one state the generator never leaves.
    return new Random([words[0]! | 1, words[1]!, words[2]!, words[3]!]);
  }

  get state(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0];
  }

  /** An integer 0…2^32 − 1. */
  uint32(): number {
    const times5 = Math.imul(this.#b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9);
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 67_108_864 + (this.uint32() >>> 6)) / 9_007_199_254_740_992;
  }

  /** An integer 0…below − 1, each equally likely. */
  int(below: number): number {
    // Values past the last full multiple of `below` would favour small numbers: draw again.
    const limit = 4_294_967_296 - (4_294_967_296 % below);
    for (;;) {
      const value = this.uint32();
      if (value < limit) return value % below;
    }
  }

  /** A number from the standard normal distribution (Box & Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher & Yates). */
  shuffle<T extends { [index: number]: unknown; readonly length: number }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const held = items[i];
      items[i] = items[j];
      items[j] = held;
    }
    return items;
  }

  /** 0…count − 1 in random order. */
  permutation(count: number): Uint32Array {
    return this.shuffle(Uint32Array.from({ length: count }, (_, i) => i));
  }
}

/** Spreads every input bit over the word (the finaliser of MurmurHash3). */
function mix(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
