/** What the system said, by its code. */

/** Whether `error` came from the system with one of these codes (`ENOENT`, `EACCES`, …). */
export function hasCode(
  error: unknown,
  ...codes: readonly string[]
): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
