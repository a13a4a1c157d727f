/** What holds for cells in any queue, held on the smallest there is: a driver's death, a job's death, and Ctrl-C. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildPipe } from '../../../kit/cli.ts';
import { beginJob, ShellQueueProject, whyNoShellQueue } from '../../../kit/shell-queue.ts';

const why = whyNoShellQueue;
const patience = { timeout: 60_000, interval: 50 };
const once = (what: string) => `if [ ! -e died ]; then touch died; ${what}; fi`;
const killDriver = 'kill -9 $PPID';

describe.skipIf(why !== null)(
  `in a queue of three lines of shell${why === null ? '' : ` (${why})`}`,
  { timeout: 3 * 60_000 },
  () => {
    let built: Awaited<ReturnType<typeof buildPipe>>;
    let project: ShellQueueProject;
    beforeAll(async () => {
      built = await buildPipe();
    });
    afterAll(() => built?.remove());
    afterEach(() => project.remove());

    const leftOver = () => ['jobs', 'staging'].flatMap((name) => namesIn(join(project.dir, 'cache', name)));
    const drive = () => project.start('run', '--executor', 'lab', '--no-report');
    const jobsAre = (count: number) =>
      vi.waitFor(() => expect(project.living()).toHaveLength(count), patience);

    test('cells run as packed jobs, and are up to date without a queue afterwards', () => {
      project = new ShellQueueProject(built.file);
      project.counted(6, { executor: 'pack: 3' });
      expect(project.run().stderr).toContain('6 done');
      project.exactlyOnce(6);
      expect(project.jobs()).toHaveLength(2);
      expect(project.pipe('run', '--no-report').stderr).toContain('up to date');
      expect(leftOver()).toEqual([]);
    });

    test('a job outlives its driver: whoever comes back publishes what it made, and submits nothing', async () => {
      project = new ShellQueueProject(built.file);
      project.counted(4, { executor: 'pack: 2', cmd: 'sleep 2' });
      const driver = drive();
      await jobsAre(2);
      driver.child.kill('SIGKILL');
      await driver.ended;
      expect(project.pipe('ps').stdout).toMatch(/left: pipe attach.*4 cells in lab/);
      // What the jobs stage and read is theirs as long as their records are open.
      expect(project.pipe('cache', 'gc', '--yes').code).toBe(0);
      await jobsAre(0);
      expect(project.pipe('attach').code).toBe(0);
      expect(project.pipe('status', '--check').code).toBe(0);
      expect(project.jobs()).toHaveLength(2);
      project.exactlyOnce(4);
      expect(leftOver()).toEqual([]);
    });

    test.each([
      ['after the queue took the job', `${beginJob}; ${once(killDriver)}; echo $id`],
      ['before the queue took the job', `${once(`${killDriver}; exit 1`)}; ${beginJob}; echo $id`],
    ])('nothing is submitted twice by a driver that died as it submitted, %s', async (_, submit) => {
      project = new ShellQueueProject(built.file, submit);
      // Long enough that whoever comes back finds the job at work.
      project.counted(2, { executor: 'pack: 2', cmd: 'sleep 6' });
      await drive().ended;
      expect(existsSync(join(project.dir, 'died'))).toBe(true);
      expect(project.pipe('attach').code).toBe(0);
      expect(project.pipe('status', '--check').code).toBe(0);
      project.exactlyOnce(2);
      expect(leftOver()).toEqual([]);
    });

    test('a job that dies without a record has failed, and a retry runs it again', async () => {
      project = new ShellQueueProject(built.file);
      project.counted(1, { stage: 'retries: 1,', cmd: 'echo begun >> begun.txt; sleep 3' });
      const driver = drive();
      await vi.waitFor(() => expect(project.lines('begun.txt')).toEqual(['begun']), patience);
      // Its cell has a group of its own, and ends with whoever started it.
      project.signal(project.jobs()[0], 'SIGKILL');
      expect((await driver.ended).stderr).toContain('1 done');
      expect(project.events().filter(({ type }) => type === 'cell-retry')).toHaveLength(1);
      expect(project.lines('begun.txt')).toEqual(['begun', 'begun']);
    });

    test('a run that is interrupted takes its jobs back, one that is hung up on leaves them', async () => {
      project = new ShellQueueProject(built.file);
      project.counted(2, { cmd: 'sleep 4' });
      const interrupted = drive();
      await jobsAre(2);
      interrupted.child.kill('SIGINT');
      expect((await interrupted.ended).code).toBe(130);
      await jobsAre(0);
      const left = drive();
      await jobsAre(2);
      left.child.kill('SIGHUP');
      expect((await left.ended).stderr).toMatch(/in queues go on: pipe attach/);
      expect(project.pipe('attach').code).toBe(0);
      project.exactlyOnce(2);
    });
  },
);

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
}
