/** Output of the probe commands under `tools:`, each run once per run. */
import { execFile } from 'node:child_process';
import { KnownTools } from './known-tools.ts';

/** A probe that does not answer in a minute is stuck; its text is bounded because it becomes part of every key. */
const limits = { timeout: 60_000, maxBuffer: 1024 * 1024 };

export class ToolError extends Error {
  readonly hint: string;
  constructor(
    message: string,
    hint = 'The command under tools must succeed: its output is part of the key.',
  ) {
    super(message);
    this.hint = hint;
    this.name = 'ToolError';
  }
}

export class ToolProbes {
  readonly #project: string;
  readonly #known: KnownTools;
  readonly #looksOnly: boolean;
  readonly #outputs = new Map<string, Promise<string>>();

  /** `looksOnly`: a command that this user never ran in this project is not run. `known`: the project whose commands count as run. */
  constructor(project: string, looksOnly: boolean, known = project) {
    this.#project = project;
    this.#known = new KnownTools(known);
    this.#looksOnly = looksOnly;
  }

  /** What `command` prints, trailing white space dropped; `env` is the stage's own environment. @throws ToolError */
  async output(command: string, env: Readonly<Record<string, string>>): Promise<string> {
    const name = JSON.stringify([command, env]);
    let output = this.#outputs.get(name);
    if (!output) {
      if (this.#looksOnly && !this.#known.has(command))
        throw new ToolError(
          `\`${command}\` was not run, because you have not run this pipeline before`,
          'Read what it does under tools; `pipe run` runs it, and from then on it is run to look, too.',
        );
      this.#known.add(command);
      output = probe(command, env, this.#project);
      this.#outputs.set(name, output);
    }
    return output;
  }
}

function probe(command: string, env: Readonly<Record<string, string>>, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', command], { cwd, env: { ...env }, ...limits }, (error, stdout, stderr) => {
      if (error) {
        const last = stderr.trim().split('\n').at(-1) ?? '';
        reject(new ToolError(`\`${command}\` failed: ${last === '' ? error.message : last}`));
      } else resolve(stdout.trimEnd());
    });
  });
}
