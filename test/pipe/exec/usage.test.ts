import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { usageOfGroup } from '../../../src/pipe/exec/usage.ts';

test.skipIf(!existsSync('/proc/self/stat'))(
  'memory and processor time of a whole process group',
  async () => {
    // Its child is the one that takes the memory.
    const program =
      'const held = Buffer.alloc(200e6, 1); const end = Date.now() + 2500; while (Date.now() < end) held[0]++;';
    const child = spawn('/bin/sh', ['-c', '"$0" -e "$1"; true', process.execPath, program], {
      detached: true,
    });
    const measured = usageOfGroup(child.pid ?? 0);
    await once(child, 'exit');
    const usage = measured();
    expect(usage?.peakBytes).toBeGreaterThan(200e6);
    expect(usage?.cpuMs).toBeGreaterThan(100);
  },
);
