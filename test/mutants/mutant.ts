/** A rule of the engine, the change that breaks it, and the test that must notice: what a reviewer would try. */
export interface Mutant {
  readonly rule: string;
  readonly file: string;
  /** Stands in the file once. */
  readonly find: string;
  readonly replace: string;
  readonly test: { readonly file: string; readonly name: string };
}

/** `file` is below src/; `test`: its file, and a part of its name. */
export function mutant(
  rule: string,
  file: string,
  change: readonly [string, string],
  test: readonly [string, string],
): Mutant {
  return {
    rule,
    file: `src/${file}`,
    find: change[0],
    replace: change[1],
    test: { file: test[0], name: test[1] },
  };
}
