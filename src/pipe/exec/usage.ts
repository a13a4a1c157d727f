/**
 * What attempts take while they run: memory and processor time of their process groups, by /proc, once a second for all of
 * them. A process that lived for less than that is not seen; then, and on systems without /proc, nothing is said.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  /** Most bytes of memory that its processes had at once. */
  readonly peakBytes: number;
  /** Milliseconds of processor time. */
  readonly cpuMs: number;
}

const everyMs = 1_000;
/** The first look comes early: many cells are short. */
const firstMs = 150;
/** Of Linux on every machine that Node runs on. */
const tickMs = 10;
const pageBytes = 4096;

interface Measured {
  peak: number;
  cpu: number;
}

const groups = new Map<number, Measured>();
let timer: NodeJS.Timeout | undefined;

/** Begins to measure a process group; the answer ends it and says what was seen. `before`: what it had taken already. */
export function usageOfGroup(group: number, before = 0): () => Usage | null {
  const measured: Measured = { peak: 0, cpu: 0 };
  groups.set(group, measured);
  const first = setTimeout(look, firstMs);
  first.unref();
  timer ??= setInterval(look, everyMs).unref();
  return () => {
    clearTimeout(first);
    if (groups.get(group) === measured) groups.delete(group);
    if (groups.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    return measured.peak === 0
      ? null
      : { peakBytes: measured.peak, cpuMs: Math.max(0, measured.cpu - before) };
  };
}

/** Milliseconds of processor time that a process has taken; 0 where the system does not say. */
export function cpuMsOf(pid: number): number {
  return statOf(String(pid))?.ms ?? 0;
}

/** What process groups of this machine take now; one that has ended is not in the answer. */
export function takenNow(wanted: {
  has(group: number): boolean;
}): ReadonlyMap<number, { readonly bytes: number; readonly cpuMs: number }> {
  const now = new Map<number, { bytes: number; cpuMs: number }>();
  for (const name of processNames()) {
    const stat = statOf(name);
    if (stat === null || !wanted.has(stat.group)) continue;
    const sum = now.get(stat.group) ?? { bytes: 0, cpuMs: 0 };
    sum.bytes += stat.bytes;
    sum.cpuMs += stat.ms;
    now.set(stat.group, sum);
  }
  return now;
}

function look(): void {
  for (const [group, { bytes: peak, cpuMs: cpu }] of takenNow(groups)) {
    const measured = groups.get(group);
    if (!measured) continue;
    measured.peak = Math.max(measured.peak, peak);
    // What ended and was waited for is counted by its parent, so that the sum does not fall.
    measured.cpu = Math.max(measured.cpu, cpu);
  }
}

function processNames(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function statOf(pid: string): { readonly group: number; readonly bytes: number; readonly ms: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const at = (field: number) => fields[field - 3] ?? 0;
    const ticks = at(14) + at(15) + at(16) + at(17);
    return { group: at(5), bytes: at(24) * pageBytes, ms: ticks * tickMs };
  } catch {
    return null;
  }
}
