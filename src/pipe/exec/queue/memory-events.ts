/** How often the kernel ended a process of this job for want of memory, where the job has a cgroup of its own. */
import { readFileSync } from 'node:fs';

/** 0 where nothing can be known. */
export function oomKills(): number {
  try {
    const path = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
    const events = readFileSync(`/sys/fs/cgroup${path}/memory.events`, 'utf8');
    return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
