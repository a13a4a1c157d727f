/** Cells as jobs of a real Slurm: what is submitted, what a driver's death costs, and what counts as a failure. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPipe } from '../kit/cli.ts';
import { stepsOf, wordsOf } from '../kit/page-files.ts';
import { QueueProject } from '../kit/queue-project.ts';
import { type Cluster, startSlurm } from './cluster.ts';

const started = await startSlurm();
const why = typeof started === 'string' ? started : null;
const minute = 60_000;

describe.skipIf(why !== null)(
  `on Slurm${why === null ? '' : ` (${why})`}`,
  { timeout: 6 * minute, retry: process.env.CI ? 1 : 0 },
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
    afterEach(async () => {
      cluster.setFull(false);
      cluster.ask('scancel', '--me', '--signal=KILL', '--full');
      cluster.ask('scancel', '--me');
      await until(() => running() === 0);
      project.remove();
    });

    test('cells run as packed jobs of an array, and are up to date on this machine afterwards', () => {
      project.counted(12, { executor: 'pack: 4' });
      const before = cluster.submissions();
      const ran = project.run();
      expect(ran.stderr).toContain('12 done');
      expect(ran.code).toBe(0);
      expect(cluster.submissions() - before).toBe(1);
      project.exactlyOnce(12);
      expect(project.pipe('run', '--no-report').stderr).toContain('up to date');
    });

    test('what an executor says comes before the command, and what a stage asks for reaches the job', () => {
      project.pipeline(
        `stages:
  one:
    outs: {o: o.txt}
    resources: {cpu: 2, memory: 100MiB}
    env: {pass: [SET_UP, WRAPPED, SLURM_CPUS_PER_TASK, SLURM_MEM_PER_NODE, SLURM_JOB_PARTITION]}
    cmd: "echo $SET_UP $WRAPPED $SLURM_CPUS_PER_TASK $SLURM_MEM_PER_NODE $SLURM_JOB_PARTITION > \${outs.o}"
`,
        'setup: ["export SET_UP=set-up"], wrap: "env WRAPPED=wrapped"',
      );
      expect(project.run().code).toBe(0);
      expect(project.read('cache/cells/one/o.txt').trim()).toBe('set-up wrapped 2 100 gpu');
    });

    test('a driver that is killed again and again loses nothing and runs nothing twice', async () => {
      project.counted(24, { executor: 'pack: 2', cmd: 'sleep 0.2' });
      await killedAgainAndAgain(3);
      project.exactlyOnce(24);
    });

    test('200 cells on 2 GPUs are never more than two at once, and no two on one', () => {
      project.counted(200, {
        executor: 'pack: 10',
        stage: 'resources: {gpu: 1, cpu: 1},',
        cmd: QueueProject.onGpu,
      });
      expect(project.run('-q').code).toBe(0);
      expect(project.mostOnGpus()).toBeLessThanOrEqual(2);
      expect(project.sharedGpu()).toBe(null);
      project.exactlyOnce(200);
    });

    test('a run that is interrupted cancels its jobs, one that is hung up on leaves them', async () => {
      project.counted(3, { cmd: 'sleep 6' });
      const interrupted = project.start('run', '--executor', 'lab', '--no-report');
      await until(() => running() > 0);
      interrupted.child.kill('SIGINT');
      expect((await interrupted.ended).code).toBe(130);
      await until(() => running() === 0);
      const left = project.start('run', '--executor', 'lab', '--no-report');
      await until(() => running() > 0);
      left.child.kill('SIGHUP');
      expect((await left.ended).stderr).toMatch(/in queues go on: pipe attach/);
      expect(running()).toBeGreaterThan(0);
      expect(project.pipe('attach').code).toBe(0);
      project.exactlyOnce(3);
    });

    test('what has no time left goes on from its checkpoint in another job', () => {
      project.pipeline(
        `stages:
  long:
    checkpoint: true
    outs: {o: o.txt}
    shell: bash
    cmd: |
      trap 'exit 1' INT
      for step in 1 2 3 4 5 6; do
        [ -e \${checkpoint}/$step ] && continue
        sleep 1 & wait $!
        echo $step >> steps.txt; touch \${checkpoint}/$step
      done
      echo done > \${outs.o}
`,
        'time: 14s, warning: 11s',
      );
      const ran = project.run();
      expect(ran.stderr).toContain('1 done');
      expect(project.lines('steps.txt')).toEqual(['1', '2', '3', '4', '5', '6']);
      expect(project.events().filter(({ type }) => type === 'cell-started').length).toBeGreaterThan(1);
    });

    test('a job that is requeued, one that dies without a record, and a controller that is away', async () => {
      project.counted(3, { stage: 'retries: 1,', cmd: 'sleep 6' });
      const driver = project.start('run', '--executor', 'lab', '--no-report');
      await until(() => running() === 3);
      const ids = cluster.ask('squeue', '--me', '--noheader', '--array', '--format=%i').trim().split('\n');
      cluster.ask('scontrol', 'requeue', ids[0] ?? '');
      await hurried(1);
      // A process that is killed with everything it started leaves no record.
      cluster.ask('scancel', '--signal=KILL', '--full', ids[1] ?? '');
      cluster.stopController();
      await sleep(8_000);
      cluster.startController();
      await cluster.ready();
      const ended = await driver.ended;
      expect(ended.stderr).toContain('3 done');
      expect(project.pipe('status', '--check').code).toBe(0);
      expect(new Set(project.lines('ran.txt'))).toEqual(new Set(['0', '1', '2']));
      expect(project.events().filter(({ type }) => type === 'cell-retry').length).toBeGreaterThan(0);
    });

    test('a queue that does not answer for a minute decides nothing, and what jobs record goes on being the truth', async () => {
      project.counted(4, { cmd: 'sleep $((${n} * 20 + 5))' });
      const driver = project.start('run', '--executor', 'lab', '--no-report');
      await until(() => running() === 4);
      cluster.stopController();
      await sleep(minute);
      const finished = project.events().filter(({ type }) => type === 'cell-finished');
      expect(finished.length).toBeGreaterThanOrEqual(2);
      cluster.startController();
      await cluster.ready();
      const ended = await driver.ended;
      expect(ended.stderr).toContain('4 done');
      expect(ended.stderr.match(/lab does not answer, jobs go on/g)).toHaveLength(1);
      expect(project.events().some(({ type }) => type === 'cell-retry')).toBe(false);
      project.exactlyOnce(4);
    });

    test('a node that goes down and comes back costs no retry', async () => {
      project.counted(2, { cmd: 'sleep 4' });
      const driver = project.start('run', '--executor', 'lab', '--no-report');
      await until(() => running() === 2);
      cluster.ask('scontrol', 'update', `nodename=${cluster.host}`, 'state=down', 'reason=test');
      await sleep(2000);
      cluster.ask('scontrol', 'update', `nodename=${cluster.host}`, 'state=resume');
      await hurried(2);
      const ended = await driver.ended;
      expect(ended.stderr).toContain('2 done');
      expect(project.events().some(({ type }) => type === 'cell-failed')).toBe(false);
    });

    test('a bound on submitted jobs is said once and waited out', async () => {
      project.counted(3);
      cluster.setFull(true);
      const driver = project.start('run', '--executor', 'lab', '--no-report', '--color=never');
      await sleep(12_000);
      cluster.setFull(false);
      const ended = await driver.ended;
      expect(ended.stderr).toContain('3 done');
      expect(ended.stderr.match(/lab takes no more jobs now.*QOSMaxSubmitJobPerUserLimit/g)).toHaveLength(1);
      project.exactlyOnce(3);
    });

    test('a cell that runs out of memory goes on with the next size, and no retry is spent', () => {
      // Slurm without cgroups ends no job for its memory: the cell is killed as the kernel would, by how much it has.
      project.pipeline(`stages:
  one:
    outs: {o: o.txt}
    resources: {memory: [60MiB, 900MiB]}
    env: {pass: [SLURM_MEM_PER_NODE]}
    cmd: >-
      node -e "const b = Buffer.alloc(9e7, 1); setTimeout(() => process.kill(process.pid, process.env.SLURM_MEM_PER_NODE === '60' ? 'SIGKILL' : 'SIGCONT'), 2500)"
      && echo $SLURM_MEM_PER_NODE > \${outs.o}
`);
      const ran = project.run();
      expect(ran.stderr).toContain('1 done');
      expect(project.read('cache/cells/one/o.txt').trim()).toBe('900');
    });

    test('doctor says what of the queue works, and what does not', () => {
      project.counted(1, { stage: 'resources: {gpu: 1},' });
      const good = project.pipe('doctor', '--executor', 'lab', '--json');
      const states = Object.fromEntries(
        JSON.parse(good.stdout).map(({ what, state }: Record<string, string>) => [what, state]),
      );
      expect(states).toMatchObject({
        ...{ slurm: 'ok', munge: 'ok', controller: 'ok', arrays: 'ok', partition: 'ok', gres: 'ok' },
        ...{ 'probe job': 'ok', 'shared folder': 'ok', 'node there': 'ok', clocks: 'ok' },
      });
      expect(good.code).toBe(0);
      project.counted(1, { executor: 'node: /nowhere/node' });
      expect(project.pipe('doctor', '--executor', 'lab').stdout).toMatch(/node there +\[problem\].*nowhere/);
      project.write(
        'pipeline.yaml',
        project.read('pipeline.yaml').replace('partition: gpu', 'partition: none'),
      );
      const bad = project.pipe('doctor', '--executor', 'lab');
      expect(bad.stdout).toMatch(/partition +\[problem\]/);
      expect(bad.code).toBe(1);
    });

    test('docs/how-to/slurm.md, from its first block to its last', () => {
      const page = readFileSync(new URL('../../docs/how-to/slurm.md', import.meta.url), 'utf8');
      const steps = stepsOf(page);
      expect(steps.length).toBeGreaterThan(9);
      for (const step of steps) {
        if ('path' in step) {
          project.write(step.path, step.text);
          continue;
        }
        const [npx, pipe, ...words] = wordsOf(step.command);
        expect([npx, pipe]).toEqual(['npx', 'pipe']);
        const { stdout, stderr } = project.pipe(...words);
        expect(stdout + stderr, step.command).toMatch(step.printed);
      }
    });

    /** Starts a run, kills its driver so many times, and comes back each time. */
    async function killedAgainAndAgain(kills: number): Promise<void> {
      let driver = project.start('run', '--executor', 'lab', '--no-report');
      await until(() => project.hasRun());
      for (let kill = 0; kill < kills; kill++) {
        await sleep(500 + Math.random() * 3000);
        driver.child.kill('SIGKILL');
        await driver.ended;
        driver = project.start('attach');
      }
      expect((await driver.ended).code).toBe(0);
      expect(project.pipe('status', '--check').code).toBe(0);
    }

    /** Slurm lets what it requeued wait for two minutes, unless it is told otherwise. */
    async function hurried(count: number): Promise<void> {
      await until(() => cluster.count('PENDING') === count);
      const ids = cluster.ask('squeue', '--me', '--noheader', '--array', '--states=PENDING', '--format=%i');
      for (const id of ids.trim().split('\n'))
        cluster.ask('scontrol', 'update', `jobid=${id}`, 'starttime=now');
    }

    function running(): number {
      return cluster.count('RUNNING');
    }

    async function until(holds: () => boolean): Promise<void> {
      for (let look = 0; !holds(); look++) {
        if (look > 600) throw new Error(`it did not come: ${cluster.ask('squeue')}\n${cluster.log('ctld')}`);
        await sleep(200);
      }
    }
  },
);
