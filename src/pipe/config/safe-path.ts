/** Which paths a pipeline may name: inside the project, spelled the same on every system, never a device. */

const devices = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)/i;

/** What is wrong with a path that must stay inside its folder, or null when it is fine. */
export function unsafePath(path: string): string | null {
  if (path === '') return 'is empty';
  if (path.includes('\0')) return 'holds a NUL character';
  if (path.includes('\\')) return 'holds a backslash; paths are written with `/`';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is absolute';
  if (path.startsWith('~')) return 'starts with `~`, which only a shell understands';
  const segments = path.split('/');
  if (segments.includes('..')) return 'leaves its folder with `..`';
  const device = segments.find((segment) => devices.test(segment));
  if (device !== undefined) return `names a device, \`${device}\``;
  if (segments.some((segment) => Buffer.byteLength(segment) > 255)) return 'has a name longer than 255 bytes';
  if (Buffer.byteLength(path) > 1024) return 'is longer than 1,024 bytes';
  return null;
}

/** `./a//b/` → `a/b`: one spelling a path. The path must be safe. */
export function normalPath(path: string): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  return segments.length === 0 ? '.' : segments.join('/');
}
