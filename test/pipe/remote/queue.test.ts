/** A queue and a remote together: what a job computed is sent, and what the remote has is submitted to no queue. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../../kit/cli.ts';
import { startFolder, type TestRemote } from '../../kit/remotes.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let remote: TestRemote;
const projects: CliProject[] = [];
beforeAll(async () => {
  pipe = await buildPipe();
  remote = await startFolder();
});
afterAll(async () => {
  pipe.remove();
  for (const project of projects) project.remove();
  await remote.stop();
});

/** A queue of one shell script: each job is a process of its own, in the background at once. */
const submit = `#!/bin/sh
echo submitted >> submitted.txt
setsid sh "$1" > "$2" 2>&1 < /dev/null &
echo $!
`;

function checkout(): CliProject {
  const project = new CliProject(pipe.file);
  projects.push(project);
  project.write('submit.sh', submit);
  project.write(
    'pipeline.yaml',
    `version: 1
axes: {seed: [0, 1, 2]}
executors:
  lab: {kind: command, submit: "sh submit.sh {script} {output}", status: "ps -eo pid=", cancel: "kill {id}", poll: 1s}
stages:
  make: {cmd: "od -An -N8 -tu8 /dev/urandom > \${outs.o}", matrix: [seed], outs: {o: o.txt}}
  sum: {cmd: "cat \${deps.o} > \${outs.o}", deps: {o: make.o}, outs: {o: sum.txt}}
`,
  );
  project.env = { PIPE_REMOTE: remote.url };
  return project;
}

const jobsOf = (project: CliProject) =>
  project.has('submitted.txt') ? project.read('submitted.txt').trim().split('\n').length : 0;

test('what jobs of a queue made is sent, and another checkout submits nothing', () => {
  const [first, second] = [checkout(), checkout()];
  const made = first.pipe('run', '--executor', 'lab');
  expect(made.stderr).toContain('4 results sent to');
  expect(made.code).toBe(0);
  expect(jobsOf(first)).toBe(4);
  const taken = second.pipe('run', '--executor', 'lab');
  expect(taken.stderr).toMatch(/make: 3 restored from/);
  expect(taken.stderr).toContain('0 done, 4 cached');
  expect(jobsOf(second)).toBe(0);
  expect(second.read('cache/cells/sum/sum.txt')).toBe(first.read('cache/cells/sum/sum.txt'));
}, 180_000);

test('what the remote has of a graph is taken, and only the rest is submitted', () => {
  const third = checkout();
  third.edit('pipeline.yaml', (text) => text.replace('seed: [0, 1, 2]', 'seed: [0, 1, 2, 3]'));
  const { code, stderr } = third.pipe('run', '--executor', 'lab');
  expect(stderr).toContain('2 done, 3 cached');
  expect(code).toBe(0);
  expect(jobsOf(third)).toBe(2);
}, 180_000);
