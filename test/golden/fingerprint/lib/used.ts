/** Comments and unused code are not part of any key. */
export function used(value: number): number {
  return value + 1;
}
export function unused(): never {
  throw new Error('unused');
}
