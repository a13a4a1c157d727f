/**
 * Where an effect must lie for a claim to be supported or contradicted, and how sure one can be that it does.
 * `<= -0.6`, `> 0`; `within 0.5` (of zero: no effect that matters), `beyond 0.5`.
 */
import { studentTail } from '../stats/student.ts';

export interface Region {
  readonly sign: '<' | '<=' | '>' | '>=' | 'within' | 'beyond';
  readonly value: number;
  readonly text: string;
}

/** An effect with its standard error and the degrees of freedom of that. */
export interface Measured {
  readonly effect: number;
  /** 0: known exactly. */
  readonly error: number;
  readonly df: number;
}

/** Null when the text is no region. */
export function parseRegion(text: string): Region | null {
  const match = /^\s*(<=|>=|<|>|within|beyond)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text);
  if (!match) return null;
  const sign = match[1] as Region['sign'];
  const value = Number(match[2]);
  return (sign === 'within' || sign === 'beyond') && value <= 0 ? null : { sign, value, text: text.trim() };
}

export function isInside({ sign, value }: Region, effect: number): boolean {
  if (sign === '<') return effect < value;
  if (sign === '<=') return effect <= value;
  if (sign === '>') return effect > value;
  if (sign === '>=') return effect >= value;
  return sign === 'within' ? Math.abs(effect) <= value : Math.abs(effect) > value;
}

/**
 * The p-value against "the effect lies outside the region", one-sided t tests. `within` is an equivalence test: both of two
 * one-sided tests must reject (Schuirmann 1987). `beyond` is either of two, so twice the smaller.
 */
export function pValue({ sign, value }: Region, measured: Measured): number {
  const above = (bound: number) => tailAbove(bound, measured);
  const below = (bound: number) => tailAbove(-bound, { ...measured, effect: -measured.effect });
  switch (sign) {
    case '>':
    case '>=':
      return above(value);
    case '<':
    case '<=':
      return below(value);
    case 'within':
      return Math.max(above(-value), below(value));
    case 'beyond':
      return Math.min(1, 2 * Math.min(above(value), below(-value)));
  }
}

/** Against "the effect is at most `bound`". An effect that is exactly known is above it or not. */
function tailAbove(bound: number, { effect, error, df }: Measured): number {
  if (error === 0) return effect > bound ? 0 : 1;
  return studentTail((effect - bound) / error, df);
}
