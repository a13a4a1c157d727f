/** What a trace of 300 modules takes, and that nothing is started where nothing changed; and what a formatter may do. */
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Digests } from '../../../../src/pipe/digest/digests.ts';
import { PythonTracer } from '../../../../src/pipe/trace/python/python-tracer.ts';
import { Folder } from '../../../kit/folder.ts';

const found = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
const hasPython = found.status === 0;
const python = found.stdout?.trim() ?? '';
const hasBlack = spawnSync('black', ['--version']).status === 0;
let folder: Folder;
afterEach(() => folder?.remove());

const count = 300;

function writeModules(): void {
  folder = new Folder();
  folder.write('main.py', `from pkg.m0 import run0\n\nif __name__ == '__main__':\n    run0(1)\n`);
  for (let i = 0; i < count; i++) {
    const [a, b] = [i * 2 + 1, i * 2 + 2].map((n) => (n < count ? n : null));
    const imports = [a, b].filter((n) => n !== null).map((n) => `from pkg.m${n} import run${n}\n`);
    const calls = [a, b].filter((n) => n !== null).map((n) => ` + run${n}(x)`);
    folder.write(
      `pkg/m${i}.py`,
      `"""Module ${i}."""\nimport json\nimport math\n${imports.join('')}\nRATE = ${i}\n\n\nclass Model:\n    """A model."""\n\n    width = ${i}\n\n    def forward(self, x: int) -> int:\n        return self.width * x + RATE\n\n\ndef helper(x: int) -> int:\n    if x > 3:\n        return [math.sqrt(y) for y in range(x)]\n    return json.dumps({'x': x})\n\n\ndef run${i}(x: int) -> int:\n    return Model().forward(x)${calls.join('')}\n`,
    );
  }
  folder.write('pkg/__init__.py', '');
}

/** A new run, with the interpreter that is named; milliseconds of the trace alone, and its fingerprint. */
async function trace(interpreter = python) {
  const indexFolder = join(folder.dir, 'cache/index');
  const digests = new Digests(indexFolder);
  const tracer = new PythonTracer({
    project: folder.dir,
    indexFolder,
    digests,
    interpreter: [interpreter],
    env: process.env,
  });
  const started = performance.now();
  const before = process.cpuUsage();
  const { fingerprint } = await tracer.trace({ run: 'main.py', code: [], locks: [] });
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(before);
  tracer.save();
  digests.save();
  return { ms, cpuMs: (user + system) / 1000, fingerprint };
}

describe.skipIf(!hasPython)('a trace of 300 modules', () => {
  test('starts Python once when nothing is known, and not at all when nothing changed', async () => {
    writeModules();
    const starts = join(folder.dir, 'starts');
    const wrapper = folder.write('python.sh', `#!/bin/sh\necho started >> ${starts}\nexec ${python} "$@"\n`);
    spawnSync('chmod', ['+x', wrapper]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const cold = await trace(wrapper);
    expect(Object.keys(cold.fingerprint.files)).toHaveLength(count + 2);
    expect(folder.read('starts')).toBe('started\n');
    const warm = [await trace(wrapper), await trace(wrapper), await trace(wrapper)];
    expect(folder.read('starts')).toBe('started\n');
    for (const one of warm) expect(one.fingerprint).toEqual(cold.fingerprint);
    const best = Math.min(...warm.map(({ ms }) => ms));
    const cpu = Math.min(...warm.map(({ cpuMs }) => cpuMs));
    const [load = 0] = loadavg();
    console.log(
      `300 modules: cold ${cold.ms.toFixed(0)} ms, warm ${best.toFixed(0)} ms (${cpu.toFixed(0)} ms of CPU), load ${load.toFixed(1)}`,
    );
    expect(cpu).toBeLessThan(150);
    // Waiting for a processor says nothing of the trace.
    if (load < availableParallelism()) {
      expect(best).toBeLessThan(150);
      expect(cold.ms).toBeLessThan(1500);
    }
  });

  test.skipIf(!hasBlack)('a reformat by black keeps the key', async () => {
    folder = new Folder();
    const text =
      "import os,sys\nfrom lib import (f)\nx = {  'a':1, u'b' : 0XFF,}\ndef g( a,b = 2 ) :\n    '''  Text.  '''\n    del (a, b)\n    for (i) in range( 3 ): print(i)\n    return (1e5+1E5)\nclass C( object ):\n\n    k=1; j = 2\nprint(f( 1 ), x['a'] , g(1))\n";
    folder.write('main.py', text);
    folder.write('lib.py', 'def f( x ): return (\n  x+1 )\n');
    await new Promise((resolve) => setTimeout(resolve, 60));
    const before = await trace();
    copyFileSync(join(folder.dir, 'main.py'), join(folder.dir, 'before.txt'));
    const { status, stderr } = spawnSync('black', ['--quiet', 'main.py', 'lib.py'], {
      cwd: folder.dir,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    expect(folder.read('main.py')).not.toBe(folder.read('before.txt'));
    expect((await trace()).fingerprint.bundle).toBe(before.fingerprint.bundle);
  });
});
