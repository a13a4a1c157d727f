/** Output of the probe commands under `tools:`, each run once a run. */
import { execFile } from 'node:child_process';

/** A probe that does not answer in a minute is stuck; its text is bounded because it becomes part of every key. */
const limits = { timeout: 60_000, maxBuffer: 1024 * 1024 };

export class ToolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ToolError';
  }
}

export class ToolProbes {
  readonly #project: string;
  readonly #outputs = new Map<string, Promise<string>>();

  constructor(project: string) {
    this.#project = project;
  }

  /** What `command` prints, trailing white space dropped; `env` is the stage's own environment. @throws ToolError */
  output(command: string, env: Readonly<Record<string, string>>): Promise<string> {
    const name = JSON.stringify([command, env]);
    let output = this.#outputs.get(name);
    if (!output) {
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
