/** The study itself, its own pipeline.yaml and stages, copied to a throw-away folder and run by the real command. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliProject } from './cli.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** As little computing as a network can be trained and asked with. */
export const tiny = [
  'backend=wasm',
  'train.epochs=1',
  'images.trainImages=512',
  'images.validationImages=100',
  'evaluate.top=4',
  'evaluate.random=6',
  'sharedMasks=[]',
].flatMap((set) => ['--set', set]);

export class StudyProject extends CliProject {
  readonly #folder: string;

  constructor(pipe: string) {
    // One folder deeper than what is removed, so that a test may put something beside the project.
    const folder = mkdtempSync(join(tmpdir(), 'pipe-study-'));
    super(pipe, join(folder, 'project'));
    this.#folder = folder;
    mkdirSync(this.dir);
    for (const name of [
      'pipeline.yaml',
      'claims.yaml',
      'package.json',
      'stages',
      'src',
      'data/micro-bench.csv',
    ])
      cpSync(join(root, name), join(this.dir, name), { recursive: true });
    for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(this.dir, name));
  }

  /** Replaces what must be there once, and gives its place as `line:column`. */
  replace(path: string, from: string, to: string): string {
    const text = this.read(path);
    const parts = text.split(from);
    if (parts.length !== 2) throw new Error(`${path} holds ${parts.length - 1} of: ${from}`);
    this.write(path, parts.join(to));
    const lines = parts[0]!.split('\n');
    return `${lines.length}:${lines.at(-1)!.length + 1}`;
  }

  /** Runs and gives the cells that computed, sorted. */
  ran(...args: readonly string[]): readonly string[] {
    const { code, stdout, stderr } = this.pipe('run', '--json', ...args);
    if (code !== 0) throw new Error(stderr || stdout);
    return stdout
      .trim()
      .split('\n')
      .map((line): { type: string; cell?: string } => JSON.parse(line))
      .flatMap(({ type, cell }) => (type === 'cell-finished' && cell !== undefined ? [cell] : []))
      .sort();
  }

  /** Names in a folder of the project; none where it is not. */
  list(path: string): readonly string[] {
    return existsSync(join(this.dir, path)) ? readdirSync(join(this.dir, path)).sort() : [];
  }

  override remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
