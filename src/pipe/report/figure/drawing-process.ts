/**
 * Draws figures in a process with a limit of time and of memory each. A process and not a thread: one allocation that
 * is too large ends a thread's whole process, whatever the thread's own limit says.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { replaceFile } from '../../../lib/replace-file.ts';
import type { DrawReply, DrawRequest, KeptFigure } from './drawing.ts';
import { FigureError } from './vega.ts';

export interface DrawLimits {
  readonly ms: number;
  readonly megabytes: number;
}

export const drawLimits: DrawLimits = { ms: 20_000, megabytes: 768 };

/** Milliseconds in which the libraries must be loaded: a slow disk is not the figure's fault. */
const startMs = 120_000;
const keptError = 20_000;

export class DrawingProcess {
  readonly #limits: DrawLimits;
  #child: ChildProcess | null = null;

  constructor(limits: DrawLimits = drawLimits) {
    this.#limits = limits;
  }

  /** One at a time. @throws FigureError that says why a figure could not be drawn */
  async draw(request: DrawRequest): Promise<KeptFigure> {
    this.#child ??= await start(this.#limits);
    const child = this.#child;
    const answer = answerOf(child, this.#limits.ms, `drawing it takes more than ${this.#limits.ms / 1000} s`);
    child.send(request);
    try {
      const reply = await answer;
      if (typeof reply === 'object' && 'figure' in reply) return reply.figure;
      throw new FigureError(typeof reply === 'object' ? reply.error : 'it was not drawn');
    } catch (error) {
      // Whatever the figure did to it, the next one gets a fresh process.
      this.close();
      if (error instanceof OutOfMemory)
        throw new FigureError(`drawing it takes more than ${this.#limits.megabytes} MB of memory`);
      throw error;
    }
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }
}

class OutOfMemory extends Error {}

async function start({ megabytes }: DrawLimits): Promise<ChildProcess> {
  const child = fork(await hostFile(), [], {
    execArgv: [`--max-old-space-size=${megabytes}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  await answerOf(child, startMs, 'the drawing library did not load');
  return child;
}

/** The next message of the process, unless it ends or takes too long. */
function answerOf(child: ChildProcess, ms: number, tooLong: string): Promise<DrawReply> {
  return new Promise((resolve, reject) => {
    let said = '';
    const onError = (text: Buffer): void => {
      said = `${said}${text}`.slice(-keptError);
    };
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('close', onClose);
      child.stderr?.off('data', onError);
      settle();
    };
    const onMessage = (reply: DrawReply): void => end(() => resolve(reply));
    const onClose = (): void =>
      end(() =>
        reject(
          /heap|memory|Allocation failed/i.test(said)
            ? new OutOfMemory()
            : new FigureError(`the drawing process ended: ${said.trim().split('\n').at(-1) ?? ''}`),
        ),
      );
    const timer = setTimeout(() => end(() => reject(new FigureError(tooLong))), ms);
    child.on('message', onMessage).on('close', onClose);
    child.stderr?.on('data', onError);
  });
}

let found: Promise<string> | undefined;

/** The host beside this bundle; run from source, it is bundled on the spot, where its packages can be found. */
function hostFile(): Promise<string> {
  found ??= findHost();
  return found;
}

async function findHost(): Promise<string> {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const folder of [here, dirname(here)]) {
    const file = join(folder, 'figure-host.js');
    if (existsSync(file)) return file;
  }
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(here, 'figure-host.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    write: false,
  });
  const [output] = outputFiles;
  if (!output) throw new Error('esbuild wrote no figure host');
  const folder = join(here, '../../../../node_modules/.cache/pipe-figure-host');
  const file = join(folder, `${output.hash.replaceAll(/\W/g, '')}.mjs`);
  if (existsSync(file)) return file;
  await mkdir(folder, { recursive: true });
  // Several test processes may write it at once: each aside, the last rename wins with the same bytes.
  replaceFile(file, output.contents);
  return file;
}
