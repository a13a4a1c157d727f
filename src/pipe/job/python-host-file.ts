/** Where the program is that runs one attempt of a stage in Python. */
import { shippedFile } from '../../lib/shipped-file.ts';

/** Absolute path. */
export function pythonHostFile(): string {
  return shippedFile('python_host.py', import.meta.url);
}
