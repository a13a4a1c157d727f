/** Starts the loader's thread, whether this code runs bundled (by the engine) or from its sources (tests, benchmarks). */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** The pattern `new Worker(new URL('./X.worker.ts', import.meta.url))` is what the engine's bundler follows. */
export async function startWorker(workerData: unknown): Promise<Worker> {
  if (!import.meta.url.endsWith('/thread.ts'))
    return new Worker(new URL('./loader.worker.ts', import.meta.url), { workerData });
  // Node 20 runs no TypeScript: bundle it in memory.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [join(dirname(fileURLToPath(import.meta.url)), 'loader.worker.ts')],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    write: false,
    logLevel: 'silent',
  });
  return new Worker(outputFiles[0]!.text, { eval: true, workerData });
}
