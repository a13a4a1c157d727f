/** A terminal, driven by tmux as a person types. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { CliProject } from './cli.ts';
import { until } from './until.ts';

export const hasTmux = spawnSync('tmux', ['-V']).status === 0;
if (!hasTmux) console.warn('skipped: no tmux here (apt-get install tmux)');

/** A shell in a terminal of its own. */
export class Terminal {
  readonly #name: string;
  readonly #socket: string;

  /** Its shell (without its user's files; default bash) stands in the project and knows `pipe`. */
  constructor(
    project: CliProject,
    {
      pipe,
      columns,
      shell = 'bash --norc --noprofile -i',
    }: { readonly pipe: string; readonly columns: number; readonly shell?: string },
  ) {
    chmodSync(project.write('bin/pipe', `#!/bin/sh\nexec '${process.execPath}' '${pipe}' "$@"\n`), 0o755);
    this.#name = `pipe-${columns}`;
    this.#socket = join(project.dir, 'tmux');
    const env = { ...process.env, PATH: `${project.dir}/bin:${process.env.PATH}`, TERM: 'xterm-256color' };
    for (const name of ['CI', 'GITHUB_ACTIONS', 'NO_COLOR', 'TMUX'] as const)
      delete (env as NodeJS.ProcessEnv)[name];
    const size = ['-x', String(columns), '-y', '30'];
    const begun = ['-f', '/dev/null', 'new-session', '-d', '-s', this.#name, ...size, shell];
    execFileSync('tmux', ['-S', this.#socket, ...begun], { cwd: project.dir, env });
    this.type("PS1='$ '; clear\n");
  }

  /** A line break is Enter, a tab is Tab. */
  type(text: string): void {
    const names: Readonly<Record<string, string>> = {
      '\n': 'Enter',
      '\t': 'Tab',
      '\x03': 'C-c',
      '\x15': 'C-u',
    };
    for (const part of text.split(/([\n\t\x03\x15])/).filter((one) => one !== ''))
      this.#tmux('send-keys', '-t', this.#name, ...(part in names ? [names[part]!] : ['-l', part]));
  }

  screen(): string {
    return this.#tmux('capture-pane', '-p', '-t', this.#name);
  }

  async shows(text: string | RegExp): Promise<string> {
    const has = () => (typeof text === 'string' ? this.screen().includes(text) : text.test(this.screen()));
    await until(has);
    return this.screen();
  }

  close(): void {
    spawnSync('tmux', ['-S', this.#socket, 'kill-server']);
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
  }
}
