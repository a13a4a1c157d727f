/**
 * Which commands under `tools:` this user has let run, by running the pipeline: `status` and its like run no others. A folder
 * that came from elsewhere must not run anything because somebody looks at it.
 */
import { realpathSync } from 'node:fs';
import { sha256Of } from '../../lib/sha256.ts';
import { readUserState, writeUserState } from '../../lib/user-state.ts';

const file = 'tools';
/** Newest last; a project and command that nobody used for so many others is asked about again. */
const most = 10_000;

export class KnownTools {
  readonly #project: string;
  #known: Set<string> | undefined;

  /** `project` is absolute. */
  constructor(project: string) {
    this.#project = realpathSync(project);
  }

  has(command: string): boolean {
    return this.#entries().has(this.#name(command));
  }

  /** Where it cannot be kept, the next look says again that the command was never run. */
  add(command: string): void {
    const name = this.#name(command);
    if (this.#entries().has(name)) return;
    const known = [...read(), name].slice(-most);
    this.#known = new Set(known);
    writeUserState(file, `${known.join('\n')}\n`);
  }

  #entries(): ReadonlySet<string> {
    this.#known ??= new Set(read());
    return this.#known;
  }

  #name(command: string): string {
    return sha256Of(JSON.stringify([this.#project, command]));
  }
}

function read(): readonly string[] {
  const content = readUserState(file)?.toString('utf8') ?? '';
  return content.split('\n').filter((line) => line !== '');
}
