/**
 * Ends the stages of a run whose driver died without a word (kill -9, out of memory): they would go on burning a GPU,
 * and write into a checkpoint that the next run already uses. One small shell for the whole run; it hears of process
 * groups over its standard input, and an end of that input with groups left means that the driver is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process';

const program = `
trap '' INT TERM HUP
groups=' '
while read -r word id job; do
  case $word in
    add) case $groups in *" $id "*) ;; *) groups="$groups$id ";; esac; eval "job_$id=\\$job";;
    drop) case $groups in *" $id "*) groups="\${groups%%" $id "*} \${groups#*" $id "}";; esac;;
  esac
done
for id in $groups; do kill -s KILL -- "-$id" 2>/dev/null; done
for id in $groups; do
  eval "job=\\$job_$id"
  for stray in $(grep -lsaF -e "PIPE_JOB=$job" /proc/[0-9]*/environ 2>/dev/null); do
    stray=\${stray#/proc/}; kill -s KILL "\${stray%%/*}" 2>/dev/null
  done
done
`;

export interface Watchdog {
  /** `job`: the path in the group's PIPE_JOB; said again when it is another. */
  add(group: number, job: string): void;
  drop(group: number): void;
  close(): Promise<void>;
}

export function startWatchdog(): Watchdog {
  // In a group of its own, so that a Ctrl-C in the terminal does not take it away with the driver.
  const child = spawn('/bin/sh', ['-c', program, 'pipe-watchdog'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  // Without a watchdog the run is as good as before, only less guarded.
  child.on('error', () => {});
  child.stdin?.on('error', () => {});
  child.unref();
  const tell = (line: string) => {
    if (child.stdin?.writable) child.stdin.write(`${line}\n`);
  };
  return {
    add: (group, job) => tell(`add ${group} ${job}`),
    drop: (group) => tell(`drop ${group}`),
    close: () => ended(child),
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined)
    return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.ref();
    child.stdin?.end();
  });
}
