/** Failures of the file system in words: what could not be done, and the next step. */

const hints: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space (`pipe cache gc` removes what nothing needs), then run again',
  EDQUOT: 'your disk quota is used up (`pipe cache gc` removes what nothing needs)',
  EROFS: 'the file system is read-only: work in a folder that can be written',
  EACCES: 'give this user permission, or name another place',
  EPERM: 'give this user permission, or name another place',
  ENOENT: 'create the folder first, or name another place',
  ENOTDIR: 'a file is where a folder is needed: move it away, or name another place',
  EEXIST: 'a file is where a folder is needed: move it away, or name another place',
  EISDIR: 'a folder is where a file is needed: move it away, or name another place',
  ENAMETOOLONG: 'work in a folder with a shorter path',
};

/** What the user can mend; null: the error is no such failure. */
export function systemErrorText(
  error: unknown,
): { readonly message: string; readonly hint: string | null } | null {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return null;
  if (typeof error.code !== 'string' || !Object.hasOwn(hints, error.code)) return null;
  return { message: error.message.replace(/^[A-Z]+: /, ''), hint: hints[error.code] ?? null };
}
