/** What lies in an attempt's folder before it starts: the job, and for a command what its shell sources. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { removeTree } from '../../lib/remove-tree.ts';
import type { Attempt } from './attempt.ts';
import { commandFiles } from './command.ts';

/** Every executor starts a process on these files alone, so whoever makes an attempt calls this first. */
export function writeAttempt({ folder, job, run, project, secrets }: Attempt): void {
  writeFileSync(jobFile(folder), `${JSON.stringify(job, null, 2)}\n`);
  // Made by us, so that nobody else can read what the stage reports of what it was entrusted with.
  if (secrets.length > 0) {
    mkdirSync(dirname(job.events), { recursive: true, mode: 0o700 });
    writeFileSync(job.events, '', { mode: 0o600 });
  }
  if (run.kind === 'module') return;
  const { script, lists } = commandFiles(run, job, project, folder);
  writeFileSync(commandScript(folder), script);
  for (const [file, text] of lists) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/**
 * Of an attempt whose outs were published its log stays: what it was given is in the manifest, what it reported among the
 * run's events. The job of Python stays as well: a script that is started by hand takes the job of its last run. An attempt
 * that failed keeps everything, for a look. Removes only what was put there for it.
 */
export function clearAttempt({ folder, run }: Pick<Attempt, 'folder' | 'run'>): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.name === 'job.json' && run.python !== null) continue;
    else if (entry.isFile() && ofAttempt.has(entry.name)) rmSync(join(folder, entry.name), { force: true });
    else if (entry.name === 'lists' && entry.isDirectory()) removeTree(join(folder, 'lists'));
}

const ofAttempt = new Set(['job.json', 'command.sh', 'events.jsonl', 'returned']);

/** What PIPE_JOB names. */
export function jobFile(folder: string): string {
  return join(folder, 'job.json');
}

export function commandScript(folder: string): string {
  return join(folder, 'command.sh');
}
