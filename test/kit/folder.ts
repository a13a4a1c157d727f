/** A throw-away folder: what every test that needs files works in. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export class Folder {
  readonly dir: string;

  constructor(dir = mkdtempSync(join(tmpdir(), 'pipe-test-'))) {
    this.dir = dir;
  }

  /** Writes a file with its parent folders. Returns its absolute path. */
  write(path: string, content: string | Uint8Array): string {
    const file = join(this.dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  read(path: string): string {
    return readFileSync(join(this.dir, path), 'utf8');
  }

  edit(path: string, change: (text: string) => string): void {
    this.write(path, change(this.read(path)));
  }

  has(path: string): boolean {
    return existsSync(join(this.dir, path));
  }

  /** Copies what the folder `from` holds. */
  copy(from: string): void {
    cpSync(from, this.dir, { recursive: true });
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
