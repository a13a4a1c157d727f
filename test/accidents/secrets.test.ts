/** What a passed variable holds is in no file and on no screen. */
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';

const secret = 'first-line-s3cret\nsecond "line" t0ken';
const parts = [
  'first-line-s3cret',
  't0ken',
  Buffer.from('first-line-s3cret').toString('base64').slice(0, 20),
];

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: CliProject;
beforeAll(async () => {
  process.env.TEST_TOKEN = secret;
  pipe = await buildPipe();
});
afterAll(() => {
  delete process.env.TEST_TOKEN;
  pipe.remove();
});
beforeEach(() => {
  project = new CliProject(pipe.file);
});
afterEach(() => project.remove());

const pipeline = (stage: object) =>
  project.write(
    'pipeline.yaml',
    JSON.stringify({
      version: 1,
      stages: { a: { outs: { o: 'o.txt' }, env: { pass: ['TEST_TOKEN'] }, ...stage } },
    }),
  );

/** Files of the project in which a part of the secret stands. */
function leaks(): readonly string[] {
  return readdirSync(project.dir, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return [];
    const path = join(entry.parentPath, entry.name);
    const text = readFileSync(path, 'latin1');
    return parts.some((part) => text.includes(part)) ? [path] : [];
  });
}

test.each(['echo "$TEST_TOKEN"', 'echo "$TEST_TOKEN" >&2; exit 1'])(
  'a probe never shows a passed variable: %s',
  (probe) => {
    pipeline({ cmd: 'echo x > ${outs.o}', tools: { probe } });
    const ended = [
      project.pipe('status'),
      project.pipe('run'),
      project.pipe('why', 'a'),
      project.pipe('run', '--json'),
    ];
    for (const { stdout, stderr } of ended)
      for (const part of parts) expect(stdout + stderr).not.toContain(part);
    expect(leaks()).toEqual([]);
  },
);

test('no log, event, report or screen holds a secret: as text, line by line, in base64, as a name or a unit', () => {
  project.write(
    'a.mjs',
    `import { writeFileSync } from 'node:fs';
     export default ({ out, progress, metric, info, warn }) => {
       const token = process.env.TEST_TOKEN;
       const [first] = token.split('\\n');
       progress(1, 1, first); metric(first, 1, 0); metric('NaN ' + first, NaN); info(token); warn(Buffer.from(token).toString('base64'));
       console.log(token); console.error(first); console.log(JSON.stringify({ token })); console.log(encodeURIComponent(token));
       writeFileSync(out('o'), 'x');
       if (process.env.FAIL) throw new Error(token);
     };`,
  );
  pipeline({ run: 'a.mjs' });
  const good = project.pipe('run', '--json');
  pipeline({ run: 'a.mjs', env: { pass: ['TEST_TOKEN'], set: { FAIL: 1 } } });
  const bad = project.pipe('run');
  expect([good.code, bad.code]).toEqual([0, 1]);
  for (const { stdout, stderr } of [good, bad, project.pipe('logs', 'a')])
    for (const part of parts) expect(stdout + stderr).not.toContain(part);
  expect(good.stdout).toContain('***');
  expect(leaks()).toEqual([]);
});

test('a driver that is killed leaves no secret in a log, and the next run removes what a stage reported', async () => {
  project.write(
    'a.mjs',
    `import { writeFileSync } from 'node:fs';
     export default async ({ out, info }) => {
       console.log(process.env.TEST_TOKEN); info(process.env.TEST_TOKEN);
       writeFileSync('ready', ''); writeFileSync(out('o'), 'x');
       if (process.env.WAIT) await new Promise((resolve) => setTimeout(resolve, 600_000));
     };`,
  );
  pipeline({ run: 'a.mjs', env: { pass: ['TEST_TOKEN'], set: { WAIT: '1' } } });
  const started = project.start('run');
  while (!existsSync(join(project.dir, 'ready'))) await new Promise((resolve) => setTimeout(resolve, 20));
  started.child.kill('SIGKILL');
  await once(started.child, 'close');
  for (const path of leaks()) {
    expect(path).toMatch(/cache\/staging\/.*events\.jsonl$/);
    expect(statSync(path).mode & 0o077).toBe(0);
  }
  pipeline({ run: 'a.mjs' });
  expect(project.pipe('run').code).toBe(0);
  expect(leaks()).toEqual([]);
});
