/** The policy on names in archives: each must lie in the folder that the archive is unpacked into, on any system. */

/** The name without empty parts and `.`; null: it would leave the folder. */
export function safeEntryName(name: string): string | null {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  const leaves = name.startsWith('/') || parts.includes('..') || /[\0\\]/.test(name);
  return leaves ? null : parts.join('/');
}
