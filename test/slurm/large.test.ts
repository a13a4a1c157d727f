/** The same at the size of a study: `npm run test:slurm:large`, many minutes. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPipe } from '../kit/cli.ts';
import { QueueProject } from '../kit/queue-project.ts';
import { type Cluster, startSlurm, whyNoSlurm } from './cluster.ts';

const large = process.env.PIPE_TEST_LARGE === '1';
const started = large ? await startSlurm(['MaxJobCount=60000', 'MaxArraySize=1001']) : whyNoSlurm();
const why = typeof started === 'string' ? started : large ? null : 'only with `npm run test:slurm:large`';
const minute = 60_000;

describe.skipIf(why !== null)(
  `at size on Slurm${why === null ? '' : ` (${why})`}`,
  { timeout: 20 * minute },
  () => {
    let cluster: Cluster;
    let built: Awaited<ReturnType<typeof buildPipe>>;
    let project: QueueProject;

    beforeAll(async () => {
      cluster = started as Cluster;
      built = await buildPipe();
    }, 2 * minute);
    afterAll(() => {
      cluster?.stop();
      built?.remove();
    });
    beforeEach(() => {
      project = new QueueProject(built.file, 'kind: slurm, partition: gpu', cluster.env);
    });
    afterEach(() => {
      cluster.ask('scancel', '--me');
      project.remove();
    }, 5 * minute);

    test('after ten kills of the driver of 200 cells, each ran exactly once and nothing is lost', async () => {
      project.counted(200, { executor: 'pack: 2', cmd: 'sleep 1' });
      let driver = project.start('run', '--executor', 'lab', '--no-report');
      await until(() => project.hasRun());
      for (let kill = 0; kill < 10; kill++) {
        await sleep(200 + Math.random() * 4000);
        // A kill of what has ended anyway would show nothing.
        expect(driver.child.exitCode, `before kill ${kill + 1}`).toBeNull();
        driver.child.kill('SIGKILL');
        await driver.ended;
        driver = project.start('attach');
      }
      const last = await driver.ended;
      expect(last.stderr).toMatch(/200 done|has ended/);
      expect(last.code).toBe(0);
      expect(project.pipe('status', '--check').code).toBe(0);
      project.exactlyOnce(200);
    });

    test('2,000 cells go out in at most 20 submissions, and each runs once', () => {
      project.counted(2000, { executor: 'pack: 25' });
      const before = cluster.submissions();
      expect(project.run('-q').code).toBe(0);
      expect(cluster.submissions() - before).toBeLessThanOrEqual(20);
      project.exactlyOnce(2000);
    });

    test('20,000 cells are submitted within the bound of an array, with less than 500 MB in the driver', async () => {
      cluster.ask('scontrol', 'update', 'partitionname=gpu', 'state=down');
      project.counted(20_000, { executor: 'cells: 20000, array: 1000' });
      const before = cluster.submissions();
      const driver = project.start('run', '--executor', 'lab', '--no-report', '-q');
      await until(() => cluster.count('PENDING') === 20_000);
      expect(cluster.submissions() - before).toBe(20);
      const status = readFileSync(`/proc/${driver.child.pid}/status`, 'utf8');
      const peak = (Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / 1e6;
      console.log(`20,000 cells: the driver took ${peak.toFixed(0)} MB at most`);
      expect(peak).toBeLessThan(500);
      driver.child.kill('SIGINT');
      expect((await driver.ended).code).toBe(130);
      expect(cluster.count('PENDING')).toBe(0);
      cluster.ask('scontrol', 'update', 'partitionname=gpu', 'state=up');
    });

    async function until(holds: () => boolean): Promise<void> {
      for (let look = 0; !holds(); look++) {
        if (look > 600) throw new Error(`it did not come: ${cluster.ask('squeue').slice(0, 2000)}`);
        await sleep(1000);
      }
    }
  },
);
