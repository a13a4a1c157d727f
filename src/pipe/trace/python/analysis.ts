/** What Python's own parser says of a file, asked of one process that lives as long as a trace, and remembered per content. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { isSha256 } from '../../../lib/sha256.ts';
import { shippedFile } from '../../../lib/shipped-file.ts';

const place = { line: z.number().int(), column: z.number().int() };
const sha256 = z.string().refine(isSha256);

const itemSchema = z.object({
  /** `function`: one whose definition does nothing but give it a name; `main`: under `if __name__ == '__main__'`. */
  kind: z.enum(['docstring', 'import', 'function', 'main', 'other']),
  name: z.string().nullable(),
  /** What messages call it: `function focal`; null: nothing in particular. */
  label: z.string().nullable(),
  /** Digest of what it means: no comments, no formatting, no docstrings. */
  code: sha256,
  /** The same with its docstrings. */
  documented: sha256,
  /** Every name, attribute and word of a text in it that could be a name. */
  names: z.array(z.string()),
  imports: z.array(
    z.object({
      module: z.string(),
      /** Dots in front: 1 is the package that the file is in. */
      level: z.number().int(),
      /** Of `from … import`; null: the module itself. */
      names: z.array(z.string()).nullable(),
      ...place,
    }),
  ),
  /** What is passed on by a name that an import gave: module, level and attributes. It may be a module. */
  values: z.array(z.tuple([z.string(), z.number().int(), z.string()])),
  /** Texts that may be the path of a script or the full name of a module. */
  texts: z.array(z.string()),
  problems: z.array(
    z.object({
      kind: z.enum(['dynamic-import', 'dynamic-code', 'passed-on', 'process', 'data', 'path']),
      text: z.string(),
      ...place,
    }),
  ),
  /**
   * `dynamic`: it reaches names in a way that cannot be followed. `docs`, `source`: it reads docstrings, or the source's
   * text. `effects`: importing the file does more than give names to things.
   */
  flags: z.array(z.enum(['dynamic', 'docs', 'source', 'effects'])),
});
export type PythonItem = z.infer<typeof itemSchema>;

export const fileSchema = z.object({
  sha256: z.string(),
  items: z.array(itemSchema),
  /** Texts of `__all__`; `open`: more may be in it. null: there is none. */
  all: z.object({ names: z.array(z.string()), open: z.boolean() }).nullable(),
  error: z.object({ message: z.string(), ...place }).nullable(),
});
export type PythonFile = z.infer<typeof fileSchema>;

export const environmentSchema = z.object({
  /** `3.11.7`; of another implementation with its own version. */
  version: z.string(),
  /** Absolute path of the interpreter behind links. */
  executable: z.string(),
  /** Modules that come with Python. */
  standard: z.array(z.string()),
  /** Name to import → distributions that have it. */
  installed: z.record(z.string(), z.array(z.string())),
  /** Distribution → its version (of one that was built from a folder, its content too) and the distributions it needs. */
  distributions: z.record(
    z.string(),
    z.object({ name: z.string(), version: z.string(), needs: z.array(z.string()) }),
  ),
  /** Name to import → where an editable install has its sources. */
  local: z.record(z.string(), z.object({ file: z.string().nullable(), folders: z.array(z.string()) })),
  /** Folders that are searched for modules. */
  folders: z.array(z.string()),
  /** Those of them that are neither Python's own nor a place for installed packages. */
  foreign: z.array(z.string()),
  /** Endings of compiled modules. */
  suffixes: z.array(z.string()),
});
export type PythonEnvironment = z.infer<typeof environmentSchema>;

/** The interpreter could not be started, or is none. */
export class InterpreterError extends Error {
  override readonly name = 'InterpreterError';
}

/** How an interpreter is started: `['python3']`, `['uv', 'run', 'python']`. */
export type Interpreter = readonly [string, ...string[]];

/** One process that analyses file after file. Started at the first question. */
export class PythonAnalyser {
  readonly #interpreter: Interpreter;
  readonly #cwd: string;
  readonly #env: NodeJS.ProcessEnv;
  #process: ChildProcess | undefined;
  readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];

  constructor(interpreter: Interpreter, cwd: string, env: NodeJS.ProcessEnv) {
    this.#interpreter = interpreter;
    this.#cwd = cwd;
    this.#env = env;
  }

  /** `path`: absolute. @throws InterpreterError */
  async file(path: string): Promise<PythonFile> {
    return fileSchema.parse(JSON.parse(await this.#ask({ path })));
  }

  /** @throws InterpreterError */
  async environment(): Promise<PythonEnvironment> {
    return environmentSchema.parse(JSON.parse(await this.#ask({ environment: true })));
  }

  close(): void {
    this.#process?.stdin?.end();
    this.#process = undefined;
  }

  #ask(question: object): Promise<string> {
    this.#process ??= this.#start();
    const child = this.#process;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      child.stdin?.write(`${JSON.stringify(question)}\n`);
    });
  }

  #start(): ChildProcess {
    const [command, ...args] = this.#interpreter;
    const child = spawn(command, [...args, shippedFile('analyse.py', import.meta.url)], {
      cwd: this.#cwd,
      env: this.#env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let said = '';
    const fail = (reason: string) => {
      this.#process = undefined;
      const text = `${this.#interpreter.join(' ')} ${reason}${said === '' ? '' : `: ${said.trim().split('\n').at(-1)}`}`;
      for (const { reject } of this.#waiting.splice(0)) reject(new InterpreterError(text));
    };
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
    // Writing to one that is gone is reported by its end.
    child.stdin?.on('error', () => {});
    child.on('error', (error) => fail(`cannot be started (${error.message})`));
    child.on('close', (code) => fail(`ended with ${code}`));
    createInterface({ input: child.stdout! }).on('line', (line) => this.#waiting.shift()?.resolve(line));
    return child;
  }
}
