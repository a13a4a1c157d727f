/**
 * Whether the code of a stage may share a process with the cells before it, by its bundle's text. What a cell could leave
 * behind unseen keeps it out; so do packages, whose variables cannot be made fresh. When in doubt a process of its own.
 */
import { readFileSync } from 'node:fs';
import type { Attempt } from '../../job/attempt.ts';
import { importsOf } from '../../job/warm-channel.ts';

/** Modules of Node that keep nothing between two calls, or only what can be compared afterwards. */
const plainModules = new Set(
  'assert assert/strict buffer child_process crypto events fs fs/promises os path path/posix path/win32 process querystring stream stream/promises stream/web string_decoder timers timers/promises url util util/types zlib'.split(
    ' ',
  ),
);

/**
 * Timers and handles that keep no process alive, input that can be read once, code from elsewhere, the bundle's own address,
 * what is done when memory is collected, and settings of the process that cannot be asked for.
 */
const lasting =
  /\b(?:unref|ref|AbortSignal|stdin|createRequire|__require|require|getBuiltinModule|binding|_linkedBinding|dlopen|import\.meta|FinalizationRegistry|WeakRef|BroadcastChannel|MessageChannel|WebSocket|fetch|EventSource|PerformanceObserver|set(?:res|re|e)?[ug]id|setgroups|initgroups|setPriority|setFips|setEngine|setDefaultAutoSelectFamily|loadEnvFile|setUncaughtExceptionCaptureCallback|setSourceMapsEnabled|report|eval|Function)\b/;

/** null: it may not. `trusted`: because its stage says so. */
export type Fitness = { readonly trusted: boolean } | null;

/** By the path of a bundle, which is its content's: it is read once. */
const known = new Map<string, boolean>();

export function fitnessOf({ run, job, secrets }: Attempt): Fitness {
  // Only Linux says which processes a cell left behind, and which descriptors.
  if (process.platform !== 'linux' || secrets.length > 0) return null;
  if (run.kind !== 'module' || run.python !== null || job.module === null) return null;
  if (run.warm !== undefined) return run.warm ? { trusted: true } : null;
  let fit = known.get(job.module);
  if (fit === undefined) {
    fit = isFit(job.module);
    known.set(job.module, fit);
  }
  return fit ? { trusted: false } : null;
}

function isFit(bundle: string): boolean {
  try {
    const text = readFileSync(bundle, 'utf8');
    return (
      !lasting.test(text) &&
      [...importsOf(text)].every((name) => plainModules.has(name.replace(/^node:/, '')))
    );
  } catch {
    // That the bundle cannot be read is for its process to say.
    return false;
  }
}
