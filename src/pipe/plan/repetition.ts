/** Axes along which the same thing is measured again: what differs in them only is one variant, and its values have a mean. */

const repetition = /^(?:seeds?|folds?|rep|repeats?|repetitions?|replicates?|trials?)$/i;

export function isRepetition(axis: string): boolean {
  return repetition.test(axis);
}

/** Values of the other axes, in their order. */
export function variantValues(axes: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(axes).flatMap(([axis, value]) => (isRepetition(axis) ? [] : [value]));
}
