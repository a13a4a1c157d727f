/** `pipe shell CELL --jupyter`: a real server whose kernel sees what the cell's stage sees. Skipped where there is no Jupyter. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { buildPipe, CliProject } from '../../kit/cli.ts';
import { Folder } from '../../kit/folder.ts';

/** The first Python here that can serve and talk to kernels: Debian has it for its own. */
const python = ['python3', '/usr/bin/python3'].find((one) => {
  const server = 'try:\n    import jupyterlab\nexcept ImportError:\n    import notebook';
  return spawnSync(one, ['-c', `import ipykernel, jupyter_client\n${server}`]).status === 0;
});

/** Runs its first argument's text in the kernel of the connection file that is its second, and prints what it prints. */
const client = `import sys, time
from jupyter_client import BlockingKernelClient
kernel = BlockingKernelClient()
kernel.load_connection_file(sys.argv[2])
kernel.start_channels()
for attempt in range(30):
    try:
        kernel.wait_for_ready(timeout=60)
        break
    except RuntimeError: # one that starts slowly is taken for dead
        time.sleep(1)
show = lambda message: print(message["content"].get("text") or message["content"].get("evalue") or "", end="")
kernel.execute_interactive(sys.argv[1], timeout=60, output_hook=show)
`;

test('its kernel has the cell’s params, deps and scratch outs, and ends with it', {
  timeout: 240_000,
}, async (context) => {
  if (python === undefined)
    return context.skip('no Python here has Jupyter (apt-get install jupyter-notebook)');
  const pipe = await buildPipe();
  const project = new CliProject(pipe.file);
  const [temporary, home] = [new Folder(), new Folder()];
  project.env = { TMPDIR: temporary.dir, HOME: home.dir };
  project.write('stages/b.py', 'from pipe_stage import dep, out, params\nout("o").write_text(params["w"])\n');
  project.write(
    'pipeline.yaml',
    `version: 1
python: ${python}
stages:
  a: {cmd: "echo 2 > \${outs.o}", outs: {o: o.txt}}
  b: {run: stages/b.py, params: {w: word}, deps: {a: a.o}, outs: {o: o.txt}}
`,
  );
  try {
    expect(project.pipe('run', 'a').code).toBe(0);
    // Its own flags: no browser is opened, and the container that tests run in may have no other user than root.
    const { child, ended } = project.start('shell', 'b', '--jupyter', '--', '--no-browser', '--allow-root');
    const served = await address(child.stderr!);
    const headers = { authorization: `token ${served.token}`, 'content-type': 'application/json' };
    const answer = await fetch(`${served.url}/api/kernels`, { method: 'POST', headers, body: '{}' });
    const { id } = z.object({ id: z.string() }).parse(await answer.json());
    const code =
      'from pipe_stage import dep, out, params; print(params["w"], dep("a").read_text().strip()); out("o").write_text("mine")';
    const connection = join(home.dir, '.local/share/jupyter/runtime', `kernel-${id}.json`);
    const talk = spawnSync(python, ['-c', client, code, connection], {
      encoding: 'utf8',
      env: { ...process.env, HOME: home.dir },
    });
    expect(talk.stdout, talk.stderr).toMatch(/^word 2\n/);

    child.kill('SIGTERM');
    const { stderr } = await ended;
    const [, outs = ''] = /nothing was published; the outs are in (\S+), yours to delete/.exec(stderr) ?? [];
    expect(new Folder(outs).read('o.txt')).toBe('mine');
    expect(project.has('cache/cells/b')).toBe(false);
    await expect(fetch(served.url)).rejects.toThrow();
  } finally {
    project.remove();
    temporary.remove();
    home.remove();
    pipe.remove();
  }
});

/** Where it serves, as it says. @throws Error when it ends, or says nothing within two minutes */
function address(stream: NodeJS.ReadableStream): Promise<{ readonly url: string; readonly token: string }> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(new Error(`not serving:\n${said}`)), 120_000);
    const settle = () => clearTimeout(timer);
    stream.on('data', (text: string) => {
      said += text;
      const [, url, token] = /(http:\/\/(?:localhost|127\.0\.0\.1):\d+)\/\S*\?token=(\w+)/.exec(said) ?? [];
      if (url === undefined || token === undefined) return;
      settle();
      resolve({ url, token });
    });
    stream.once('end', () => {
      settle();
      reject(new Error(`ended:\n${said}`));
    });
  });
}
