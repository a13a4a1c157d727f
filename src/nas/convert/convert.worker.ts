/** A worker thread of the conversion: architecture files or a .pth in, columns out. */
import { isMainThread, parentPort } from 'node:worker_threads';
import { BenchFormatError } from '../../lib/format-error.ts';
import type { ColumnData } from '../benchmark/columns.ts';
import { convertMembers, type WorkerTask } from './members.ts';
import { convertStream, type StreamPart, type StreamTask } from './stream.ts';

/** What a worker is asked. */
export type Request =
  | { readonly kind: 'members'; readonly task: WorkerTask }
  | { readonly kind: 'stream'; readonly task: StreamTask };

/** What it answers; a stream ends with `end` or `failed`. */
export type Reply =
  | { readonly kind: 'members'; readonly result: ReturnType<typeof convertMembers> }
  | { readonly kind: 'part'; readonly part: StreamPart }
  | { readonly kind: 'end' }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly offset: number;
      readonly offsetIn: 'file' | 'unpacked';
    };

const buffers = ({ index, serie, hp, epoch, seed, accuracy, loss }: ColumnData) =>
  [index, serie, hp, epoch, seed, accuracy, loss].map((column) => column.buffer);

if (!isMainThread && parentPort) {
  const port = parentPort;
  const reply = (message: Reply, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  port.on('message', (request: Request) => {
    if (request.kind === 'members') {
      const result = convertMembers(request.task);
      reply({ kind: 'members', result }, buffers(result.data));
      return;
    }
    try {
      convertStream(request.task, (part) => reply({ kind: 'part', part }, buffers(part.data)));
      reply({ kind: 'end' });
    } catch (error) {
      if (!(error instanceof BenchFormatError)) throw error;
      const { reason, offset, offsetIn } = error;
      reply({ kind: 'failed', reason, offset, offsetIn });
    }
  });
}
