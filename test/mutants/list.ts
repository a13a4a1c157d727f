/** Every mutant, a file per promise that they break. */
import { distrusting } from './distrusting.ts';
import { keeping } from './keeping.ts';
import type { Mutant } from './mutant.ts';
import { python } from './python.ts';
import { reading } from './reading.ts';
import { storing } from './storing.ts';
import { unnoticed } from './unnoticed.ts';

export const mutants: readonly Mutant[] = [
  ...unnoticed,
  ...storing,
  ...reading,
  ...keeping,
  ...distrusting,
  ...python,
];
