/** The combinations of axis values that a stage has cells for. */
import type { Axis, AxisValue, MatrixDoc, MatrixPattern } from '../config/document.ts';

/** More combinations than this are not walked through: no file that somebody means asks for them. */
export const maxCombinations = 1_000_000;

/** One value an axis, in matrix order; null when the product is beyond `maxCombinations`. Order: that of the axes' values. */
export function combinationsOf(
  matrix: MatrixDoc | null,
  axes: ReadonlyMap<string, Axis>,
): AxisValue[][] | null {
  if (matrix === null) return [[]];
  const dimensions = matrix.axes.map((name) => axes.get(name)?.values ?? []);
  const size = dimensions.reduce((product, values) => product * values.length, 1);
  if (size > maxCombinations) return null;
  const included = new Set(
    matrix.include.map((one) => signature(matrix.axes.map((axis) => one[axis] ?? ''))),
  );
  const kept: AxisValue[][] = [];
  const current: AxisValue[] = [];
  const walk = (depth: number): void => {
    const values = dimensions[depth];
    if (values === undefined) {
      if (keeps(matrix, included, current)) kept.push([...current]);
      return;
    }
    for (const value of values) {
      current[depth] = value;
      walk(depth + 1);
    }
  };
  walk(0);
  return kept;
}

/** `only`, then `exclude`, then `include`, which brings back what the others dropped. */
function keeps(matrix: MatrixDoc, included: ReadonlySet<string>, values: readonly AxisValue[]): boolean {
  const matches = (pattern: MatrixPattern): boolean =>
    matrix.axes.every((axis, index) => pattern[axis]?.includes(values[index]?.name ?? '') ?? true);
  if ((matrix.only.length === 0 || matrix.only.some(matches)) && !matrix.exclude.some(matches)) return true;
  return included.size > 0 && included.has(signature(values.map((value) => value.name)));
}

/** Names as one string that no other names give. */
export function signature(names: readonly string[]): string {
  return names.length === 1 ? (names[0] as string) : JSON.stringify(names);
}
