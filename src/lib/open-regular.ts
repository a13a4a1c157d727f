/** Opens a file that another program may have replaced by something that blocks, or by a link to another file. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';

/** null: there is none, or it is a pipe, a device, a folder or a link. */
export function openRegular(path: string, mode: 'r' | 'r+' = 'r'): number | null {
  const access = mode === 'r' ? constants.O_RDONLY : constants.O_RDWR;
  let file: number;
  try {
    // Opening a pipe would wait for its other end.
    file = openSync(path, access | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return null;
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  return null;
}
