/** The paper's colours (study: section 8), in tones that hold on white and on black. */
import type { Operation } from '../space/architecture.ts';

export const red = '#d62728';
export const green = '#2ca02c';
export const blue = '#1f77b4';
export const orange = '#ff7f0e';
export const cyan = '#17becf';
export const purple = '#9467bd';
export const yellow = '#c9a400';
export const grey = '#7f7f7f';

export const operationColour: Readonly<Record<Operation, string>> = {
  zero: green,
  skip: blue,
  conv1x1: orange,
  conv3x3: cyan,
  pool: purple,
};
