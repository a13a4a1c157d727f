/** Flat numbers by variant, each with what it means in a sentence: what the report shows first, and what runs are compared by. */
import type { VariantSummary } from './aggregate.ts';

export interface StudyFigure {
  readonly value: number | null;
  readonly means: string;
  readonly unit?: string;
  readonly better?: 'higher' | 'lower';
}

/** Of each variant, in the order of the summaries: τ_a, τ-b, regret, predicted accuracy, τ-a. */
export function keyFigures(summaries: readonly VariantSummary[]): Readonly<Record<string, StudyFigure>> {
  return Object.fromEntries(summaries.flatMap((one) => figuresOf(one)));
}

function figuresOf(one: VariantSummary): readonly (readonly [string, StudyFigure])[] {
  const name = `${one.size}.${one.space}.${one.method}`;
  const random = one.groups.find(({ group }) => group === 'random');
  return [
    [
      `${name}.tau_a`,
      {
        value: one.tauOfAverages,
        means: 'Does accuracy predicted for the top N fall with N? −1: always, +1: never.',
        better: 'lower',
      },
    ],
    [
      `${name}.tau_b_random`,
      {
        value: random?.tauB.mean ?? null,
        means: 'Agreement with the benchmark over random architectures: 1 is best, 0 chance.',
        better: 'higher',
      },
    ],
    [
      `${name}.regret`,
      {
        value: one.regret.mean,
        means: 'Accuracy lost by taking the architecture that is predicted best.',
        unit: 'points',
        better: 'lower',
      },
    ],
    [
      `${name}.accuracy_random`,
      {
        value: random?.predicted.mean ?? null,
        means: 'Accuracy predicted for random architectures, on average.',
        unit: '%',
      },
    ],
    [
      `${name}.tau_random`,
      {
        value: random?.tauA.mean ?? null,
        means: 'The same agreement by τ-a, in which ties count as no agreement.',
        better: 'higher',
      },
    ],
  ];
}
