/** Cells as jobs of a real Grid Engine, through an executor of `kind: command`: three commands, and the jobs' own records. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPipe } from '../kit/cli.ts';
import { QueueProject } from '../kit/queue-project.ts';
import { Grid, whyNoGrid } from './grid.ts';

const why = whyNoGrid();
const minute = 60_000;
/** The recipe of the page, in a flow map. */
const page = readFileSync(new URL('../../docs/how-to/other-queues.md', import.meta.url), 'utf8');
const [, recipe = ''] = /## Grid Engine[\s\S]*? {2}lab:\n([\s\S]*?)```/.exec(page) ?? [];
const executor = recipe
  .trim()
  .split('\n')
  .map((line) => line.trim())
  .join(', ');

describe.skipIf(why !== null)(
  `on Grid Engine${why === null ? '' : ` (${why})`}`,
  { timeout: 5 * minute },
  () => {
    let grid: Grid;
    let built: Awaited<ReturnType<typeof buildPipe>>;
    let project: QueueProject;

    beforeAll(async () => {
      grid = new Grid();
      built = await buildPipe();
      await grid.ready();
    }, 2 * minute);
    afterAll(() => {
      grid?.stop();
      built?.remove();
    });
    beforeEach(() => {
      project = new QueueProject(built.file, executor, grid.env);
    });
    afterEach(() => {
      grid.ask('qdel', '-u', 'root');
      project.remove();
    });

    test('cells run as packed jobs, and are up to date on this machine afterwards', () => {
      project.counted(8, { executor: 'pack: 4' });
      const ran = project.run();
      expect(ran.stderr).toContain('8 done');
      expect(ran.code).toBe(0);
      project.exactlyOnce(8);
      expect(project.pipe('run', '--no-report').stderr).toContain('up to date');
    });

    test('GPUs that the queue counts are the bound: never more cells at once than there are', () => {
      project.counted(8, { stage: 'resources: {gpu: 1, cpu: 1},', cmd: QueueProject.onGpu });
      expect(project.run().code).toBe(0);
      expect(project.mostOnGpus()).toBeLessThanOrEqual(2);
      project.exactlyOnce(8);
    });

    test('a driver that is killed loses nothing and runs nothing twice', async () => {
      project.counted(12, { executor: 'pack: 2', cmd: 'sleep 0.5' });
      const driver = project.start('run', '--executor', 'lab', '--no-report');
      await until(() => grid.jobs().length > 0);
      driver.child.kill('SIGKILL');
      await driver.ended;
      expect(project.pipe('attach').code).toBe(0);
      expect(project.pipe('status', '--check').code).toBe(0);
      project.exactlyOnce(12);
    });

    test('a run that is interrupted takes its jobs back', async () => {
      project.counted(3, { cmd: 'sleep 60' });
      const interrupted = project.start('run', '--executor', 'lab', '--no-report');
      await until(() => grid.jobs('r').length > 0);
      interrupted.child.kill('SIGINT');
      expect((await interrupted.ended).code).toBe(130);
      await until(() => grid.jobs().length === 0);
    });

    test('a job that somebody else deletes has failed, and a retry runs it again', async () => {
      project.counted(1, { stage: 'retries: 1,', cmd: 'echo begun >> begun.txt; sleep 5' });
      const driver = project.start('run', '--executor', 'lab', '--no-report');
      await until(() => grid.jobs('r').length > 0);
      await sleep(1000);
      grid.ask('qdel', ...grid.jobs());
      const ended = await driver.ended;
      expect(ended.stderr).toContain('1 done');
      expect(project.events().filter(({ type }) => type === 'cell-retry')).toHaveLength(1);
      expect(project.lines('begun.txt').length).toBe(2);
    });

    async function until(holds: () => boolean): Promise<void> {
      for (let look = 0; !holds(); look++) {
        if (look > 300) throw new Error(`it did not come: ${grid.ask('qstat')}\n${grid.log()}`);
        await sleep(200);
      }
    }
  },
);
