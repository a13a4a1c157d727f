/**
 * From the raw benchmark to columns: a folder (or a tar or zip of it) of 15,625 files on several threads, or a legacy
 * .pth as a stream. Goes on where an interrupted run stopped, when it has a folder to keep its parts in.
 * Long because one conversion has two ways, by files and as a stream, to the same table.
 */
import { existsSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { BenchFormatError, BenchInputError } from '../../lib/format-error.ts';
import { type BenchColumns, type ColumnData, joinParts } from '../benchmark/columns.ts';
import { decompress } from '../bzip2/bzip2.ts';
import { readPickle } from '../pickle/machine.ts';
import { key } from '../pickle/tape.ts';
import { parseArchitecture, toDigits } from '../space/architecture.ts';
import type { Reply, Request } from './convert.worker.ts';
import { type FinishedParts, partsIn } from './finished-parts.ts';
import { type BadFile, convertMembers, toBadFile, type WorkerResult, type WorkerTask } from './members.ts';
import { isArchive, listMembers, type Member, type MemberList, readMember } from './source.ts';
import { convertStream, type StreamPart, type StreamTask } from './stream.ts';

export interface Progress {
  /** Architectures, of how many (null: a stream does not say). */
  readonly done: number;
  readonly total: number | null;
  /** Bytes of the input, of how many. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface ConvertOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** Go on without a file that cannot be read; it is listed in the result. */
  readonly skipBad?: boolean;
  /** Finished parts are kept here, so that an interrupted conversion goes on. */
  readonly resumeFolder?: string;
  readonly signal?: AbortSignal;
  /** Threads to use; 0: this one. Default: one a core. */
  readonly threads?: number;
  /** Starts convert.worker; for those who run from source. */
  readonly startWorker?: () => Worker;
}

export interface Converted {
  /** Rows in the order of the index (of the file, for a .pth); `benchRows(table)` gives them one by one. */
  readonly table: BenchColumns;
  readonly bad: readonly BadFile[];
  /** Where a file's parameters or FLOPs are not those of its architecture. */
  readonly notes: readonly string[];
  /** Architectures that came from parts of an earlier, interrupted run. */
  readonly resumed: number;
}

/** Files a worker gets at a time; also the size of a part. */
const batchSize = 64;

/**
 * Converts the benchmark at `path`. Throws BenchInputError when there is none, BenchFormatError naming file and byte
 * for the first bad file (unless skipBad), and the signal's reason when it aborts.
 */
export async function convertBenchmark(path: string, options: ConvertOptions = {}): Promise<Converted> {
  options.signal?.throwIfAborted();
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat)
    throw new BenchInputError(
      `${path} does not exist`,
      'Give the NATS-tss folder, a tar or zip of it, or a .pth.',
    );
  const parts = options.resumeFolder === undefined ? null : partsIn(options.resumeFolder);
  const collected = new Collected();
  if (stat.isDirectory() || isArchive(path)) {
    const list = listMembers(path);
    if (list.architectures.length === 0) {
      throw new BenchInputError(
        `${path} holds no architecture file such as 000000.pickle.pbz2`,
        'Give the folder that holds meta.pickle.pbz2 and the numbered files.',
      );
    }
    await convertList(path, list, { ...options, parts }, collected);
  } else await convertFile(path, `${stat.size}:${stat.mtimeMs}`, { ...options, parts }, collected);
  options.signal?.throwIfAborted();
  return collected.finish(path, options.skipBad === true);
}

/** What the parts add up to. */
class Collected {
  readonly parts: ColumnData[] = [];
  readonly bad: BadFile[] = [];
  resumed = 0;
  done = 0;
  metaArchs: readonly string[] | null = null;

  add(data: ColumnData, bad: readonly BadFile[]): void {
    this.parts.push(data);
    for (const file of bad) this.bad.push(file);
    this.done += data.archs.length + bad.length;
  }

  finish(path: string, skipBad: boolean): Converted {
    const seen = new Set<number>();
    const wrong = new Set<number>();
    for (const { index, ops } of this.parts.flatMap((part) => part.archs)) {
      const listed = this.metaArchs?.[index];
      const isTwice = seen.has(index);
      seen.add(index);
      if (!isTwice && (listed === undefined || digitsOf(listed) === ops)) continue;
      const reason = isTwice
        ? `architecture ${index} is there twice`
        : `architecture ${index} is ${ops}, but the benchmark's list has ${listed}`;
      if (!skipBad) throw new BenchFormatError(reason, 0, 'unpacked', path);
      wrong.add(index);
      this.bad.push({ file: path, reason, offset: 0, offsetIn: 'unpacked', index });
    }
    const parts = this.parts.splice(0).sort((a, b) => (a.index[0] ?? 0) - (b.index[0] ?? 0));
    const notes = parts.flatMap((part) => part.notes);
    return { table: joinParts(parts, wrong), bad: this.bad, notes, resumed: this.resumed };
  }
}

function digitsOf(text: string): string | null {
  try {
    return toDigits(parseArchitecture(text));
  } catch {
    return null;
  }
}

function readMeta(member: Member): string[] {
  try {
    const list = readPickle(decompress(readMember(member))).get(key('meta_archs'));
    return [...(list?.items() ?? [])].map((item) => item.text() ?? '');
  } catch (error) {
    throw error instanceof BenchFormatError ? error.inFile(member.name) : error;
  }
}

/** Null: nothing is kept for an interrupted conversion to go on from. */
type KeptConversion = ConvertOptions & { readonly parts: FinishedParts | null };

async function convertList(
  path: string,
  list: MemberList,
  options: KeptConversion,
  collected: Collected,
): Promise<void> {
  const { architectures } = list;
  const { parts } = options;
  if (list.meta) {
    try {
      collected.metaArchs = readMeta(list.meta);
    } catch (error) {
      if (!(error instanceof BenchFormatError) || !options.skipBad) throw error;
      collected.bad.push(toBadFile(error, list.meta.name, null));
    }
  }
  const total = architectures.length;
  const totalBytes = architectures.reduce((sum, { member }) => sum + member.size, 0);
  let bytes = 0;
  const report = () => options.onProgress?.({ done: collected.done, total, bytes, totalBytes });

  const tasks: MemberTask[] = [];
  for (let from = 0; from < total; from += batchSize) {
    const members = architectures.slice(from, from + batchSize);
    const task = { batch: from / batchSize, members };
    const partKey = JSON.stringify([
      path,
      members.map(({ index, member }) => [index, member.at, member.version]),
    ]);
    const part = parts?.load(task.batch, partKey);
    if (part && (options.skipBad || part.bad.length === 0)) {
      collected.add(part.data, part.bad);
      collected.resumed += part.data.archs.length;
      bytes += members.reduce((sum, { member }) => sum + member.size, 0);
    } else tasks.push({ task, partKey });
  }
  report();

  const onResult = ({ batch, data, bad, bytes: more }: WorkerResult, partKey: string) => {
    const [first] = bad;
    if (first && !options.skipBad)
      throw new BenchFormatError(first.reason, first.offset, first.offsetIn, first.file);
    parts?.save(batch, partKey, { data, bad, next: null });
    collected.add(data, bad);
    bytes += more;
    report();
  };
  await runTasks(tasks, options, onResult);
}

interface MemberTask {
  readonly task: WorkerTask;
  /** What its finished part is kept under. */
  readonly partKey: string;
}

async function runTasks(
  tasks: readonly MemberTask[],
  options: ConvertOptions,
  onResult: (result: WorkerResult, partKey: string) => void,
): Promise<void> {
  const threads = Math.min(options.threads ?? availableParallelism(), tasks.length);
  if (threads === 0) {
    for (const { task, partKey } of tasks) {
      options.signal?.throwIfAborted();
      onResult(convertMembers(task), partKey);
      // Lets the signal and whoever shows the progress have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return;
  }
  const queue = tasks.values();
  await Promise.all(
    Array.from({ length: threads }, () =>
      withWorker(options, async (ask) => {
        for (const { task, partKey } of queue) {
          for await (const reply of ask({ kind: 'members', task })) {
            if (reply.kind === 'members') onResult(reply.result, partKey);
          }
        }
      }),
    ),
  );
}

async function convertFile(
  path: string,
  version: string,
  options: KeptConversion,
  collected: Collected,
): Promise<void> {
  const { parts } = options;
  let number = 0;
  let task: StreamTask = { file: path, resume: null, skipBad: options.skipBad === true };
  const partKey = JSON.stringify([path, version]);
  for (; parts; number++) {
    const part = parts.load(number, partKey);
    if (!part?.next) break;
    collected.add(part.data, part.bad);
    collected.resumed += part.data.archs.length;
    task = { ...task, resume: part.next };
  }
  const onPart = (part: StreamPart) => {
    if (part.next) parts?.save(number++, partKey, { data: part.data, bad: part.bad, next: part.next });
    collected.add(part.data, part.bad);
    collected.metaArchs = part.metaArchs;
    options.onProgress?.({ done: collected.done, total: null, bytes: part.offset, totalBytes: part.size });
  };
  if (options.threads === 0) {
    convertStream(task, onPart);
    return;
  }
  await withWorker(options, async (ask) => {
    for await (const reply of ask({ kind: 'stream', task })) {
      if (reply.kind === 'part') onPart(reply.part);
      if (reply.kind === 'failed')
        throw new BenchFormatError(reply.reason, reply.offset, reply.offsetIn, path);
    }
  });
}

type Ask = (request: Request) => AsyncGenerator<Reply>;

/** Runs `work` with a worker that is ended whatever happens. */
async function withWorker(options: ConvertOptions, work: (ask: Ask) => Promise<void>): Promise<void> {
  const worker = (options.startWorker ?? startWorker)();
  const replies: Reply[] = [];
  let failure: unknown;
  let wake = () => {};
  const fail = (error: unknown) => {
    failure ??= error;
    wake();
  };
  const onAbort = () => fail(options.signal?.reason);
  options.signal?.addEventListener('abort', onAbort);
  worker.on('message', (reply: Reply) => {
    replies.push(reply);
    wake();
  });
  worker.on('error', fail);
  worker.on('exit', (code) => fail(new Error(`a worker thread ended with code ${code}`)));
  const ask: Ask = async function* (request) {
    worker.postMessage(request);
    for (;;) {
      if (failure !== undefined) throw failure;
      const reply = replies.shift();
      if (!reply) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (failure !== undefined || replies.length > 0) resolve();
        });
        continue;
      }
      yield reply;
      if (reply.kind !== 'part') return;
    }
  };
  try {
    await work(ask);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    worker.removeAllListeners('exit');
    await worker.terminate();
  }
}

/** The worker beside this code: in the built package, or where the engine's bundler puts it for a stage. */
function startWorker(): Worker {
  const here = dirname(fileURLToPath(import.meta.url));
  // A chunk of the package lies one folder below its entries.
  const built = [join(here, 'convert.worker.js'), join(here, '../convert.worker.js')].find((file) =>
    existsSync(file),
  );
  return built ? new Worker(built) : new Worker(new URL('./convert.worker.ts', import.meta.url));
}
