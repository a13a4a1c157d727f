/** Accidents, and what a tool must make of each. What happens during a task happens once the task itself says that it runs. */
import { existsSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ended, files, read, run, start, type Task, type Tool, write } from './tool.ts';

/** `refuses`: it did not make the right out, but it failed and so said that something is wrong. */
export type Verdict = 'pass' | 'refuses' | 'FAIL' | '–';
export type Accident = (tool: Tool, folder: string) => Promise<Verdict>;

export const copy: Task = { command: 'cat in.txt > out.txt', inputs: ['in.txt'] };

/** By then every tool has looked at the inputs, and none has read them. */
const slow: Task = { ...copy, command: 'touch started; sleep 3; cat in.txt > out.txt' };

async function untilItRuns(folder: string): Promise<void> {
  for (const end = Date.now() + 120_000; !existsSync(join(folder, 'started')); await setTimeout(20))
    if (Date.now() > end) throw new Error('the task did not start within two minutes');
}

export const accidents: Readonly<Record<string, Accident>> = {
  'an input edited during a run, reverted later': async (tool, folder) => {
    tool.configure(folder, slow);
    write(folder, 'in.txt', 'a');
    const running = start(tool, folder);
    await untilItRuns(folder);
    write(folder, 'in.txt', 'b');
    await ended(running);
    write(folder, 'in.txt', 'a');
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'a cache entry damaged': async (tool, folder) => {
    if (tool.cache === null) return '–';
    tool.configure(folder, copy);
    write(folder, 'in.txt', 'a');
    await run(tool, folder);
    for (const file of files(join(folder, tool.cache))) {
      const bytes = readFileSync(file);
      // The result itself where it is kept as it is, its archive where it is packed.
      if (bytes.toString('latin1') !== 'a' && !file.endsWith('.zst')) continue;
      rmSync(file);
      writeFileSync(
        file,
        bytes.map((byte, index) => (index === bytes.length >> 1 ? byte ^ 1 : byte)),
      );
    }
    rmSync(join(folder, 'out.txt'), { force: true });
    write(folder, 'in.txt', 'b');
    await run(tool, folder);
    write(folder, 'in.txt', 'a');
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'a cache entry with a file deleted': async (tool, folder) => {
    if (tool.cache === null) return '–';
    tool.configure(folder, copy);
    write(folder, 'in.txt', 'a');
    await run(tool, folder);
    for (const file of files(join(folder, tool.cache)))
      if (readFileSync(file, 'latin1') === 'a' || file.endsWith('.zst')) rmSync(file);
    write(folder, 'in.txt', 'b');
    await run(tool, folder);
    write(folder, 'in.txt', 'a');
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'an out edited, same size and mtime': async (tool, folder) => {
    tool.configure(folder, copy);
    write(folder, 'in.txt', 'a');
    await run(tool, folder);
    await run(tool, folder);
    const out = join(folder, 'out.txt');
    const { atime, mtime } = statSync(out);
    writeFileSync(out, 'X');
    utimesSync(out, atime, mtime);
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'kill -9 in the middle of a task': async (tool, folder) => {
    tool.configure(folder, { ...copy, command: `printf half > out.txt; ${slow.command}` });
    write(folder, 'in.txt', 'a');
    const running = start(tool, folder);
    await untilItRuns(folder);
    if (running.pid !== undefined) process.kill(-running.pid, 'SIGKILL');
    await ended(running);
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'a declared input removed': async (tool, folder) => {
    const command = 'cat in.txt other.txt > out.txt 2>/dev/null || true';
    tool.configure(folder, { command, inputs: ['in.txt', 'other.txt'] });
    write(folder, 'in.txt', 'a');
    write(folder, 'other.txt', 'b');
    await run(tool, folder);
    tool.configure(folder, { command, inputs: ['in.txt'] });
    rmSync(join(folder, 'other.txt'));
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
  'the command changed': async (tool, folder) => {
    tool.configure(folder, copy);
    write(folder, 'in.txt', 'a');
    await run(tool, folder);
    tool.configure(folder, { ...copy, command: 'cat in.txt in.txt > out.txt' });
    const code = await run(tool, folder);
    return judge(code, folder, 'aa');
  },
  'an undeclared variable of the environment': async (tool, folder) => {
    tool.configure(folder, { ...copy, command: 'printf "[$WORD]" > out.txt' });
    write(folder, 'in.txt', 'a');
    await run(tool, folder, { WORD: 'one' });
    const code = await run(tool, folder, { WORD: 'two' });
    // Either it never reaches the task, or the task follows it.
    if (['[]', '[two]'].includes(read(folder, 'out.txt'))) return 'pass';
    return code === 0 ? 'FAIL' : 'refuses';
  },
  'a failing command before the last of a line': async (tool, folder) => {
    tool.configure(folder, { ...copy, command: 'cat missing.txt | cat; false; cat in.txt > out.txt' });
    write(folder, 'in.txt', 'a');
    const code = await run(tool, folder);
    return code === 0 ? 'FAIL' : 'pass';
  },
  'a file of the user in an output folder': async (tool, folder) => {
    const task = { inputs: ['in.txt'], folder: 'results' };
    tool.configure(folder, { ...task, command: 'mkdir -p results; cat in.txt > results/one.txt' });
    write(folder, 'in.txt', 'a');
    await run(tool, folder);
    write(folder, 'results/NOTES.md', 'three hours of work');
    write(folder, 'in.txt', 'b');
    await run(tool, folder);
    // In its place or set aside, as long as it is there.
    return files(folder).some((file) => readFileSync(file, 'utf8') === 'three hours of work')
      ? 'pass'
      : 'FAIL';
  },
  'two runs with other settings at once': async (tool, folder) => {
    const twice = { ...copy, command: 'cat in.txt in.txt > out.txt' };
    write(folder, 'in.txt', 'a');
    tool.configure(folder, slow);
    const first = start(tool, folder);
    await untilItRuns(folder);
    tool.configure(folder, twice);
    const second = start(tool, folder);
    await Promise.all([ended(first), ended(second)]);
    const results: Verdict[] = [];
    for (const [task, expected] of [
      [twice, 'aa'],
      [slow, 'a'],
    ] as const) {
      tool.configure(folder, task);
      results.push(judge(await run(tool, folder), folder, expected));
    }
    return results.find((one) => one !== 'pass') ?? 'pass';
  },
  'an input that is a link, turned away during a run and back': async (tool, folder) => {
    tool.configure(folder, slow);
    write(folder, 'v1', 'a');
    write(folder, 'v2', 'b');
    symlinkSync('v1', join(folder, 'in.txt'));
    const running = start(tool, folder);
    await untilItRuns(folder);
    turn(folder, 'v2');
    await ended(running);
    turn(folder, 'v1');
    const code = await run(tool, folder);
    return judge(code, folder, 'a');
  },
};

function turn(folder: string, target: string): void {
  rmSync(join(folder, 'in.txt'));
  symlinkSync(target, join(folder, 'in.txt'));
}

function judge(code: number | null, folder: string, expected: string): Verdict {
  if (read(folder, 'out.txt') === expected) return 'pass';
  return code === 0 ? 'FAIL' : 'refuses';
}
