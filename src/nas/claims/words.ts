/** What the claims' page says of effects, scales and what is lacking. */
import { countText, numberText } from '../../lib/format.ts';
import type { ClaimsFile, RunScale, Scale } from './form.ts';
import type { PartResult } from './part.ts';
import { isInside } from './region.ts';

/** `what: −1.2 [−1.6, −0.8], n = 5: as claimed (< 0)`. */
export function partText(result: PartResult): string {
  const { part, estimate, missing, variant } = result;
  const what = whatOf(part.what, variant);
  if (estimate === null) return `${what}: ${missing}`;
  const { effect, interval, n } = estimate;
  const range = interval === null ? '' : ` [${numberText(interval[0], 2)}, ${numberText(interval[1], 2)}]`;
  const seeds = n === null ? '' : `, n = ${n}`;
  return `${what}: ${numberText(effect, 2)}${range}${seeds}${besideText(result)}: ${sideOf(part, effect)}`;
}

/** A part as a row of the report's fold. */
export interface VerdictPart {
  readonly what: string;
  readonly effect: number | null;
  readonly interval: readonly [number, number] | null;
  readonly n: number | null;
  readonly side: string;
}

export function partRow(result: PartResult): VerdictPart {
  const { part, estimate, missing, variant } = result;
  const what = whatOf(part.what, variant);
  if (estimate === null) return { what, effect: null, interval: null, n: null, side: missing ?? 'not run' };
  const { effect, interval, n } = estimate;
  return { what, effect, interval, n, side: `${sideOf(part, effect)}${besideText(result)}` };
}

function whatOf(what: string, variant: string | null): string {
  return variant === null ? what : `${what} (${variant.replace(/\/baseline$/, '')})`;
}

function besideText({ part, beside }: PartResult): string {
  return beside === null || part.beside === undefined
    ? ''
    : `, ${part.beside.text} = ${numberText(beside, 2)}`;
}

function sideOf({ supported, contradicted }: PartResult['part'], effect: number): string {
  if (isInside(supported, effect)) return `as claimed (${supported.text})`;
  if (isInside(contradicted, effect)) return `against the claim (${contradicted.text})`;
  return `between the claim (${supported.text}) and its contrary (${contradicted.text})`;
}

/** What keeps a claim from a verdict whatever its effect; null: nothing. */
export function lackText(
  file: ClaimsFile,
  scale: RunScale,
  {
    n,
    ofBenchmark,
    isWhole,
  }: { readonly n: number | null; readonly ofBenchmark: boolean; readonly isWhole: boolean },
): string | null {
  if (ofBenchmark) return isWhole ? null : 'the benchmark here is not the whole of NAS-Bench-201';
  if (n === null) return 'it was not run';
  if (scale.embedded || scale.own === true || !isWhole) return 'on data of our own';
  if (n < file.seeds) return `${n} of the ${file.seeds} seeds that a verdict takes`;
  const short = keys.filter((key) => scale[key] < file.scale[key]);
  if (short.length === 0) return null;
  return `too small: ${short.map((key) => `${names[key]} ${scale[key]} of ${file.scale[key]}`).join(', ')}`;
}

const keys = ['channels', 'cellsPerStage', 'side', 'epochs', 'trainImages'] as const;
const names: Readonly<Record<keyof Scale, string>> = {
  channels: 'channels',
  cellsPerStage: 'cells per stage',
  side: 'pixels per side',
  epochs: 'epochs',
  trainImages: 'images',
};

/** The scale of the run and, where it is smaller, the paper's: a verdict holds at the scale at which it was found. */
export function scaleText(scale: RunScale, paper: Scale): string {
  const smaller = keys.some((key) => scale[key] < paper[key]);
  return `${sizeText(scale, scale.embedded)}${smaller ? `; the paper: ${sizeText(paper, false)}` : ''}`;
}

function sizeText({ channels, cellsPerStage, side, epochs, trainImages }: Scale, generated: boolean): string {
  return (
    `${channels} channels, ${countText(cellsPerStage, 'cell')} per stage, ${epochs} epochs, ` +
    `${trainImages} ${generated ? 'generated ' : ''}images of ${side}×${side}`
  );
}
