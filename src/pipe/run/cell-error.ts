/** Failures of a cell in words: what happened, what to do next, and the last lines of its log. */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { bytesText, durationText } from '../../lib/format.ts';
import type { Json } from '../../lib/json.ts';
import { openRegular } from '../../lib/open-regular.ts';
import type { Ended } from '../exec/executor.ts';
import { protocolExit } from '../job/job.ts';
import type { CellError } from './event.ts';

const tailLines = 20;
const tailBytes = 16 * 1024;
const lineWidth = 400;

/** `log` is absolute; null: nothing ran. */
export function cellError(
  kind: CellError['kind'],
  message: string,
  {
    hint = null,
    log = null,
    details = null,
  }: { hint?: string | null; log?: string | null; details?: Json } = {},
): CellError {
  return { kind, message, hint, tail: log === null ? [] : logTail(log), details };
}

export function endedError(ended: Exclude<Ended, { kind: 'ok' }>, log: string): CellError {
  switch (ended.kind) {
    case 'exit':
      return exitError(ended.code, log);
    case 'signal':
      return cellError('signal', `ended by ${ended.signal}`, {
        log,
        hint: ended.signal === 'SIGKILL' ? 'out of memory is the usual cause; see `dmesg`' : null,
        details: { signal: ended.signal },
      });
    case 'timeout':
      return cellError('timeout', `still running after its timeout of ${ended.afterMs / 1000} s`, {
        log,
        hint: 'raise `timeout` of the stage, or give it a `checkpoint` and `retries`',
        details: { afterMs: ended.afterMs },
      });
    case 'unfinished':
      return cellError('exit', ended.message, {
        log,
        hint: 'a stage returns, or throws; what it started is awaited before it does',
        details: { code: ended.code },
      });
    case 'launch':
      return cellError('launch', ended.message, { log });
    case 'memory':
      return memoryError(ended, log);
    case 'time':
      return cellError('timeout', `the time of its job was up after ${durationText(ended.afterMs)}`, {
        log,
        hint: 'ask for more `time` under `executors`, or give the stage a `checkpoint`: then it goes on in another job',
        details: { afterMs: ended.afterMs },
      });
    case 'lost':
      return cellError('lost', `its job ended without a record: ${ended.message}`, {
        log,
        hint: 'the log of the job itself is below `output` in its folder, `cache/jobs/…`',
      });
    case 'taken':
      return cellError('lost', ended.message, { log });
    case 'left':
      return cellError('lost', 'its job goes on', { log });
  }
}

function memoryError({ asked, peak }: Extract<Ended, { kind: 'memory' }>, log: string): CellError {
  const of = asked === null ? 'what its job asked for' : `${bytesText(asked)} that it asked for`;
  const used = peak === null ? '' : `, it had ${bytesText(peak)} when it was last looked at`;
  return cellError('memory', `out of memory: more than ${of}${used}`, {
    log,
    hint: 'ask for more: `memory: [8GiB, 16GiB]` moves on to the next size by itself',
    details: { asked, peak },
  });
}

function exitError(code: number, log: string): CellError {
  const error = cellError('exit', exitMessage(code), { log, details: { code } });
  return { ...error, hint: logHint(error.tail) };
}

/** What a shell's last words say that its user may not know. */
function logHint(tail: readonly string[]): string | null {
  if (tail.some((line) => line.includes('Argument list too long')))
    return 'a command line has room for some thousand paths: give the program a list of them, `${deps.x.list}` or `@${deps.x.list}`';
  const unset = tail
    .map((line) => /(\w+): (?:unbound variable|parameter not set)/.exec(line)?.[1])
    .find(Boolean);
  if (unset !== undefined)
    return `the environment of a stage is what the pipeline says: name ${unset} under \`env\`, or write \${${unset}:-} where it may be absent`;
  return null;
}

/** Whether trying again may help: not when the stage broke its own declaration. */
export function mayPass(ended: Ended): boolean {
  return (
    ended.kind !== 'ok' && ended.kind !== 'memory' && !(ended.kind === 'exit' && ended.code === protocolExit)
  );
}

function exitMessage(code: number): string {
  if (code === 127) return 'exit code 127: a command was not found';
  if (code === 126) return 'exit code 126: a command could not be executed';
  return `exit code ${code}`;
}

/** The last lines of a file, without control characters; a progress bar's carriage returns count as line ends. */
export function logTail(path: string): readonly string[] {
  const file = openRegular(path);
  if (file === null) return [];
  try {
    const { size } = fstatSync(file);
    const start = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(size - start);
    const count = readSync(file, buffer, 0, buffer.length, start);
    const lines = stripVTControlCharacters(buffer.toString('utf8', 0, count))
      .split(/\r\n|[\r\n]/)
      .map((line) =>
        line
          .replaceAll(/[\x00-\x08\x0b-\x1f\x7f]/g, '')
          .slice(0, lineWidth)
          .trimEnd(),
      );
    // A tail that begins in the middle of a line would show half of it.
    if (start > 0) lines.shift();
    while (lines.at(-1) === '') lines.pop();
    return lines.slice(-tailLines);
  } finally {
    closeSync(file);
  }
}
