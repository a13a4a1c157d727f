/** What making a cell's outs took besides time, as its manifest records it; null: it was not measured. */
export type Took = {
  /** Most bytes of memory that its processes had at once. */
  readonly peakBytes: number;
  /** Milliseconds of processor time. */
  readonly cpuMs: number;
} | null;

/** Null: not recorded, or not what was. */
export function parseTook(value: unknown): Took {
  if (typeof value !== 'object' || value === null) return null;
  const { peakBytes, cpuMs } = value as Readonly<Record<string, unknown>>;
  return isAmount(peakBytes) && isAmount(cpuMs) ? { peakBytes, cpuMs } : null;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
