/** Reads what jobs leave. It comes from other hosts over a shared disk, so every field is looked at. */
import { z } from 'zod';
import { readOwnFile } from '../../../lib/regular-file.ts';
import type { ResultRecord, StartRecord } from './job-task.ts';

const limitBytes = 1024 * 1024;
const number = z.number();

const ended = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ok') }),
  z.object({ kind: z.literal('exit'), code: number }),
  z.object({ kind: z.literal('signal'), signal: z.string() }),
  z.object({ kind: z.literal('timeout'), afterMs: number }),
  z.object({ kind: z.literal('unfinished'), code: number, message: z.string() }),
  z.object({ kind: z.literal('launch'), message: z.string() }),
  z.object({ kind: z.literal('memory'), asked: number.nullable(), peak: number.nullable() }),
  z.object({ kind: z.literal('time'), afterMs: number, checkpointed: z.boolean() }),
  z.object({ kind: z.literal('taken'), message: z.string() }),
]);
const result = z.object({
  version: z.literal(1),
  ended,
  wallMs: number,
  usage: z.object({ peakBytes: number, cpuMs: number }).nullable(),
  host: z.string(),
});
const start = z.object({ host: z.string(), gpus: z.array(number), job: z.string(), at: z.string() });
const submitted = z.object({ job: z.string(), tasks: z.array(z.string()) });

export type SubmittedRecord = z.output<typeof submitted>;

/** null: it is not there yet, or not what a job writes. */
export function readResult(file: string): ResultRecord | null {
  return read(file, result);
}

export function readStart(file: string): StartRecord | null {
  return read(file, start);
}

export function readSubmitted(file: string): SubmittedRecord | null {
  return read(file, submitted);
}

function read<T>(file: string, schema: z.ZodType<T>): T | null {
  const content = readOwnFile(file, limitBytes);
  if (typeof content === 'string') return null;
  try {
    return schema.parse(JSON.parse(content.toString('utf8')));
  } catch {
    return null;
  }
}
