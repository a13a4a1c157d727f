/**
 * The paper's claims against the results: supported, contradicted or undecided. A verdict needs data: too few seeds, too
 * small a scale, a missing variant or an interval that reaches into the other side leave a claim undecided.
 */
import { Random } from '../data/random.ts';
import { spaceSize } from '../space/architecture.ts';
import { type Expression, evaluateExpression, MissingResult } from './expression.ts';
import type { Bound, Claim, ClaimsFile, Part } from './form.ts';
import {
  type ChooseSeeds,
  claimFunctions,
  type Results,
  type Touched,
  type UsageTable,
  usageTable,
  type VariantTable,
  variantTable,
} from './results.ts';

/** The size at which the study was run; of all networks the smallest. */
export interface RunScale {
  readonly channels: number;
  readonly cellsPerStage: number;
  readonly side: number;
  readonly epochs: number;
  readonly trainImages: number;
  /** Generated images: nothing that is run on them speaks about the paper. */
  readonly embedded: boolean;
  /** Seeds that each variant should have. */
  readonly planned: number;
}

export type Verdict = 'supported' | 'contradicted' | 'undecided';
export interface ClaimVerdict {
  readonly id: string;
  readonly statement: string;
  readonly source: string;
  readonly verdict: Verdict;
  readonly detail: string;
  readonly effect: number | null;
  readonly interval: readonly [number, number] | null;
  readonly n: number;
  readonly planned: number;
  readonly scale: string;
  readonly paper: string;
}

const resamples = 1000;

export function judgeClaims(file: ClaimsFile, results: Results, scale: RunScale): readonly ClaimVerdict[] {
  const judge = new Judge(file, variantTable(results.summary), usageTable(results.bench), results, scale);
  return file.claims.map((claim) => judge.claim(claim));
}

interface PartVerdict {
  readonly verdict: Verdict;
  readonly detail: string;
  readonly effect: number | null;
  readonly interval: readonly [number, number] | null;
  readonly touched: Touched;
}

class Judge {
  readonly #file: ClaimsFile;
  readonly #variants: VariantTable;
  readonly #usage: UsageTable;
  readonly #scale: RunScale;
  readonly #isWholeBenchmark: boolean;

  constructor(
    file: ClaimsFile,
    variants: VariantTable,
    usage: UsageTable,
    results: Results,
    scale: RunScale,
  ) {
    this.#file = file;
    this.#variants = variants;
    this.#usage = usage;
    this.#scale = scale;
    this.#isWholeBenchmark = results.bench.length === spaceSize;
  }

  /** Contradicted when a part is, supported when all are: a claim of several parts is as strong as its weakest. */
  claim(claim: Claim): ClaimVerdict {
    const parts = claim.parts.map((part) => this.#part(part));
    const verdict = parts.some((part) => part.verdict === 'contradicted')
      ? 'contradicted'
      : parts.every((part) => part.verdict === 'supported')
        ? 'supported'
        : 'undecided';
    const shown = parts.find((part) => part.verdict === verdict && part.effect !== null) ?? parts[0]!;
    const seeds = parts.flatMap(({ touched }) => [...touched.seeds.values()]);
    const isOfBenchmark = seeds.length === 0 && parts.some(({ touched }) => touched.benchmark);
    return {
      id: claim.id,
      statement: claim.statement,
      source: claim.source,
      verdict,
      detail: parts.map(({ detail }) => detail).join('; '),
      effect: shown.effect,
      interval: shown.interval,
      n: isOfBenchmark ? 1 : seeds.length === 0 ? 0 : Math.min(...seeds),
      planned: isOfBenchmark ? 1 : this.#scale.planned,
      scale: isOfBenchmark
        ? `the benchmark's ${this.#isWholeBenchmark ? '15,625 architectures' : 'architectures that are there'}`
        : scaleText(this.#scale),
      paper: claim.paper,
    };
  }

  #part(part: Part): PartVerdict {
    const touched: Touched = { seeds: new Map(), benchmark: false };
    const undecided = (
      why: string,
      effect: number | null = null,
      interval: PartVerdict['interval'] = null,
    ) => ({
      verdict: 'undecided' as const,
      detail: `${part.what}: ${effect === null ? '' : `${effectText(effect, interval)}, `}${why}`,
      effect,
      interval,
      touched,
    });
    let effect: number;
    let interval: PartVerdict['interval'];
    try {
      effect = this.#value(part.effect.parsed, (seeds) => seeds, touched);
      interval = touched.seeds.size === 0 ? null : this.#interval(part.effect.parsed);
    } catch (error) {
      if (error instanceof MissingResult) return undecided(error.message);
      throw error;
    }
    const says = side(part, effect, interval);
    const lack = this.#lack(says, touched);
    if (lack !== null) return undecided(`${tendency(says)}${lack}`, effect, interval);
    if (says === 'undecided') {
      const between = within(part.supported, effect) || within(part.contradicted, effect);
      return undecided(
        between
          ? 'but the interval reaches the other side'
          : `between ${part.supported.text} and ${part.contradicted.text}`,
        effect,
        interval,
      );
    }
    const met = says === 'supported' ? part.supported : part.contradicted;
    return {
      verdict: says,
      detail: `${part.what}: ${effectText(effect, interval)} is ${met.text}`,
      effect,
      interval,
      touched,
    };
  }

  /** What is lacking for a verdict; null: nothing. */
  #lack(says: Verdict, touched: Touched): string | null {
    if (touched.seeds.size === 0)
      return this.#isWholeBenchmark ? null : 'the benchmark here is not the whole of NAS-Bench-201';
    const { embedded } = this.#scale;
    if (embedded || !this.#isWholeBenchmark) return 'on data of our own';
    const fewest = Math.min(...touched.seeds.values());
    if (fewest < this.#file.seeds) return `${fewest} of the ${this.#file.seeds} seeds that a verdict takes`;
    if (says === 'undecided') return null;
    const least = this.#file.scale[says === 'supported' ? 'support' : 'contradict'];
    const short = (['channels', 'side', 'epochs', 'trainImages'] as const).filter(
      (key) => this.#scale[key] < least[key],
    );
    if (short.length === 0) return null;
    const list = short.map((key) => `${scaleWords[key]} ${this.#scale[key]} of ${least[key]}`).join(', ');
    return `too small to ${says === 'supported' ? 'support' : 'contradict'}: ${list}`;
  }

  #value(of: Expression, choose: ChooseSeeds, touched: Touched): number {
    return evaluateExpression(of, claimFunctions(this.#variants, this.#usage, choose, touched));
  }

  /** 95 % by resampling each variant's seeds; null with one seed. */
  #interval(of: Expression): PartVerdict['interval'] {
    const random = Random.stream(0, 'claims');
    const touched: Touched = { seeds: new Map(), benchmark: false };
    const values: number[] = [];
    for (let sample = 0; sample < resamples; sample++) {
      try {
        values.push(this.#value(of, (seeds) => seeds.map(() => seeds[random.int(seeds.length)]!), touched));
      } catch (error) {
        // A deviation of one seed drawn twice is 0, but a correlation of it may be undefined.
        if (!(error instanceof MissingResult)) throw error;
      }
    }
    if ([...touched.seeds.values()].some((seeds) => seeds < 2) || values.length < resamples / 2) return null;
    values.sort((a, b) => a - b);
    return [values[Math.floor(0.025 * values.length)]!, values[Math.ceil(0.975 * values.length) - 1]!];
  }
}

/** The side on which the effect lies, unless its interval reaches the other; it may reach between the two. */
function side(part: Part, effect: number, interval: readonly [number, number] | null): Verdict {
  const values = interval ? [effect, ...interval] : [effect];
  if (within(part.supported, effect) && !values.some((value) => within(part.contradicted, value)))
    return 'supported';
  if (within(part.contradicted, effect) && !values.some((value) => within(part.supported, value)))
    return 'contradicted';
  return 'undecided';
}

function within({ sign, value }: Bound, effect: number): boolean {
  if (sign === '<') return effect < value;
  if (sign === '<=') return effect <= value;
  return sign === '>' ? effect > value : effect >= value;
}

function tendency(says: Verdict): string {
  if (says === 'undecided') return '';
  return says === 'supported' ? 'as claimed, but ' : 'against the claim, but ';
}

const scaleWords = { channels: 'channels', side: 'pixels a side', epochs: 'epochs', trainImages: 'images' };

function scaleText({ channels, cellsPerStage, side, epochs, trainImages, embedded }: RunScale): string {
  return (
    `${channels} channels, ${cellsPerStage} cell${cellsPerStage === 1 ? '' : 's'} a stage, ${epochs} epochs, ` +
    `${trainImages} ${embedded ? 'generated ' : ''}images of ${side}×${side}`
  );
}

function effectText(effect: number, interval: readonly [number, number] | null): string {
  const text = (value: number) => value.toFixed(2).replace('-', '−');
  return interval ? `${text(effect)} [${text(interval[0])}, ${text(interval[1])}]` : text(effect);
}
