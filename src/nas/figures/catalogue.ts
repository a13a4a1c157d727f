/** Which variants stand in which figure of the paper, and in which colour (study: section 8). */
import type { Operation } from '../space/architecture.ts';
import type { LinesOptions, Panel, Series } from './lines.ts';
import { blue, cyan, green, operationColour, orange, purple, red, yellow } from './palette.ts';

const short: readonly Operation[] = ['zero', 'skip', 'conv1x1', 'conv3x3', 'pool'];
const spacesOf = (operation: Operation): Series['colour'] => operationColour[operation];

/** Name of the space without these operations, in the order in which the pipeline spells it. */
export function spaceWithout(...masked: readonly Operation[]): string {
  return masked.length === 0
    ? 'all'
    : `no-${short.filter((operation) => masked.includes(operation)).join('-')}`;
}

function masks(size: string, title: string, base: Operation | null): Panel {
  const first: Series = {
    label: base === null ? 'baseline' : `no ${base}`,
    colour: red,
    variant: { size, space: spaceWithout(...(base === null ? [] : [base])), method: 'baseline' },
  };
  const others = short
    .filter((operation) => operation !== base)
    .map((operation): Series => {
      const space = base === null ? spaceWithout(operation) : spaceWithout(base, operation);
      return {
        label: base === null ? `no ${operation}` : `no ${base}, ${operation}`,
        colour: spacesOf(operation),
        variant: { size, space, method: 'baseline' },
      };
    });
  return { title: `${size}: ${title}`, series: [first, ...others] };
}

function methods(
  size: string,
  space: string,
  list: readonly (readonly [label: string, method: string, colour: string])[],
): Panel {
  return {
    title: `${size}: ${space}`,
    series: list.map(([label, method, colour]) => ({ label, colour, variant: { size, space, method } })),
  };
}

const transformers = [
  ['no LT', 'baseline', red],
  ['LT on skip', 'lt-skip', blue],
  ['LT on skip and pool', 'lt-skip-pool', green],
] as const;
const trainings = [
  ['baseline', 'baseline', red],
  ['topology not shared', 'not-shared', green],
  ['uniform sampling', 'uniform', blue],
  ['warm-up', 'warm-up', yellow],
  ['clipping', 'clipping', cyan],
  ['regularisation', 'regularised', purple],
] as const;

const sizes = ['S', 'M'] as const;
const spaces = '4.1 Search space subsets';
const lt = '4.2 Linear transformers';
const training = '4.3 Sharing, sampling, warm-up and regularisation';

export const lineFigures: readonly LinesOptions[] = [
  {
    name: 'figure-04',
    title: 'Figure 4: search space subsets',
    order: 4,
    section: spaces,
    statement:
      'On small networks masking zero or pool gives τ_a = −1, the baseline about 0; masking skip is the most harmful (τ_a = 1).',
    rows: sizes.map((size) => [
      masks(size, 'one operation masked', null),
      masks(size, 'zero and another', 'zero'),
      masks(size, 'pool and another', 'pool'),
    ]),
  },
  {
    name: 'figure-05',
    title: 'Figure 5: linear transformers',
    order: 5,
    section: lt,
    statement:
      'Transformers help only where nothing but convolutions and skip is left; elsewhere τ_a gets worse. They lower the variance.',
    rows: sizes.map((size) =>
      ['all', 'no-zero', 'no-zero-pool'].map((space) => methods(size, space, transformers)),
    ),
  },
  {
    name: 'figure-06',
    title: 'Figure 6: variations of training',
    order: 6,
    section: training,
    statement:
      'Not sharing topology worsens τ_a on small networks; uniform sampling raises accuracy but not the ranking; warm-up and clipping change little; regularisation is detrimental.',
    rows: sizes.map((size) => ['all', 'no-zero', 'no-pool'].map((space) => methods(size, space, trainings))),
  },
  {
    name: 'figure-07',
    title: 'Figure 7: further search space subsets',
    order: 7,
    section: spaces,
    statement: 'Masking a convolution is harmful; masking skip even more so.',
    rows: sizes.map((size) => [
      masks(size, 'one operation masked', null),
      masks(size, 'conv1x1 and another', 'conv1x1'),
      masks(size, 'skip and another', 'skip'),
    ]),
  },
  {
    name: 'figure-08',
    title: 'Figure 8: linear transformers in further subsets',
    order: 8,
    section: lt,
    statement: 'There is no evidence that transformers on pool are of use.',
    rows: sizes.map((size) => ['no-pool', 'no-conv1x1'].map((space) => methods(size, space, transformers))),
  },
  {
    name: 'figure-09',
    title: 'Figure 9: variations of training in further subsets',
    order: 9,
    section: training,
    statement: 'As figure 6, without conv1x1 and without zero and pool.',
    rows: sizes.map((size) =>
      ['all', 'no-conv1x1', 'no-zero-pool'].map((space) => methods(size, space, trainings)),
    ),
  },
  {
    name: 'figure-14',
    title: 'Figure 14: one to five cells per stage',
    order: 14,
    section: 'D Further metrics and sizes',
    statement: 'Smaller weight-sharing networks are easier to train and rank better in the full space.',
    rows: [
      [
        {
          title: 'cells per stage, all operations',
          series: [
            ['1', 'cells-1', red],
            ['2', 'S', orange],
            ['3', 'cells-3', green],
            ['4', 'cells-4', blue],
            ['5', 'cells-5', purple],
          ].map(([cells, size, colour]) => ({
            label: `${cells} per stage`,
            colour: colour!,
            variant: { size: size!, space: 'all', method: 'baseline' },
          })),
        },
      ],
    ],
  },
];
