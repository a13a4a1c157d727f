/** Cells as jobs of a real Slurm: what is submitted, what a driver's death costs, and what counts as a failure. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPipe, CliProject } from '../kit/cli.ts';
import { Cluster, whyNoSlurm } from './cluster.ts';

const why = whyNoSlurm();
const minute = 60_000;
/** How large the counts are: `PIPE_TEST_FULL=1` for those that the documentation names, smaller ones in CI. */
const full = process.env.PIPE_TEST_FULL === '1';

describe.skipIf(why !== null)(`on Slurm${why === null ? '' : ` (${why})`}`, { timeout: 15 * minute }, () => {
  let cluster: Cluster;
  let built: Awaited<ReturnType<typeof buildPipe>>;
  let project: CliProject;

  beforeAll(async () => {
    cluster = new Cluster();
    built = await buildPipe();
    await cluster.ready();
  }, 2 * minute);
  afterAll(() => {
    cluster?.stop();
    built?.remove();
  });
  beforeEach(() => {
    project = new CliProject(built.file);
    project.env = cluster.env;
  });
  afterEach(() => {
    cluster.ask('scancel', '--me');
    project.remove();
  });

  const lines = (file: string): readonly string[] =>
    readFileSync(join(project.dir, file), 'utf8').trim().split('\n');
  const pipeline = (text: string) => project.write('pipeline.yaml', `version: 1\n${text}`);
  const numbers = (count: number) => `[${Array.from({ length: count }, (_, index) => index).join(', ')}]`;
  /** A stage of `count` cells, each of which writes its number into `ran.txt`. */
  const counted = (count: number, { executor = '', stage = '', cmd = 'true' } = {}) =>
    pipeline(`axes: {n: ${numbers(count)}}
executors: {lab: {kind: slurm, partition: gpu, poll: 1s, ${executor}}}
stages:
  one: {matrix: [n], outs: {o: o.txt}, ${stage} cmd: "${cmd}; echo \${n} >> ran.txt; echo \${n} > \${outs.o}"}
`);
  const run = (...more: readonly string[]) =>
    project.pipe('run', '--executor', 'lab', '--no-report', '--color=never', ...more);
  const events = () => {
    const [id] = project.pipe('ps', '--all', '--json').stdout.match(/\d{8}-\d{6}-[0-9a-f]+/) ?? [];
    return lines(`cache/runs/${id}/events.jsonl`).map((line): Record<string, unknown> => JSON.parse(line));
  };
  const exactlyOnce = (count: number) =>
    expect(
      lines('ran.txt')
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: count }, (_, n) => n));

  test('cells run as packed jobs of an array, and are up to date on this machine afterwards', () => {
    counted(12, { executor: 'pack: 4' });
    const ran = run();
    expect(ran.stderr).toContain('12 done');
    exactlyOnce(12);
    const jobs = cluster.ask('squeue', '--states=all', '--noheader', '--format=%F %T').trim().split('\n');
    expect(new Set(jobs.map((line) => line.split(' ')[0])).size).toBe(1);
    expect(project.pipe('run', '--no-report').stderr).toContain('up to date');
  });

  test('a driver that is killed again and again loses nothing and runs nothing twice', async () => {
    const count = full ? 200 : 40;
    counted(count, { executor: 'pack: 2', cmd: 'sleep 0.2' });
    const kills = full ? 10 : 3;
    let driver = project.start('run', '--executor', 'lab', '--no-report');
    // Before that there is no run to come back to.
    await until(() => project.pipe('ps').stdout.includes('driven'));
    for (let kill = 0; kill < kills; kill++) {
      await sleep(1000 + Math.random() * 5000);
      driver.child.kill('SIGKILL');
      await driver.ended;
      driver = project.start('attach');
    }
    expect((await driver.ended).code).toBe(0);
    expect(project.pipe('status', '--check').code).toBe(0);
    exactlyOnce(count);
  });

  test('GPUs are the bound: never more cells at once than there are', () => {
    const count = full ? 200 : 16;
    counted(count, {
      stage: 'resources: {gpu: 1, cpu: 1},',
      cmd: 'echo +1 >> gpu.txt; sleep 0.1; echo -1 >> gpu.txt',
    });
    expect(run().code).toBe(0);
    let now = 0;
    let most = 0;
    for (const step of lines('gpu.txt')) {
      now += Number(step);
      most = Math.max(most, now);
    }
    expect(now).toBe(0);
    expect(most).toBeLessThanOrEqual(2);
    exactlyOnce(count);
  });

  test('a run that is interrupted cancels its jobs, one that is hung up on leaves them', async () => {
    counted(4, { cmd: 'sleep 8' });
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
    exactlyOnce(4);
  });

  test('what has no time left goes on from its checkpoint in another job', () => {
    pipeline(`executors: {lab: {kind: slurm, partition: gpu, poll: 1s, time: 14s, warning: 11s}}
stages:
  long:
    checkpoint: true
    outs: {o: o.txt}
    shell: bash
    cmd: |
      trap 'exit 1' INT
      for step in 1 2 3 4 5 6 7; do
        [ -e \${checkpoint}/$step ] && continue
        sleep 1 & wait $!
        echo $step >> steps.txt; touch \${checkpoint}/$step
      done
      echo done > \${outs.o}
`);
    const ran = run();
    expect(ran.stderr).toContain('1 done');
    expect(lines('steps.txt')).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect(events().filter(({ type }) => type === 'cell-started').length).toBeGreaterThan(1);
  });

  test('a job that is requeued, one that dies without a record, and a controller that is away', async () => {
    counted(3, { stage: 'retries: 1,', cmd: 'sleep 6' });
    const driver = project.start('run', '--executor', 'lab', '--no-report');
    await until(() => running() === 3);
    const ids = cluster.ask('squeue', '--me', '--noheader', '--array', '--format=%i').trim().split('\n');
    cluster.ask('scontrol', 'requeue', ids[0] ?? '');
    // A process that is killed with everything it started leaves no record.
    cluster.ask('scancel', '--signal=KILL', '--full', ids[1] ?? '');
    cluster.stopController();
    await sleep(full ? minute : 10_000);
    cluster.startController();
    await cluster.ready();
    const ended = await driver.ended;
    expect(ended.stderr).toContain('3 done');
    expect(project.pipe('status', '--check').code).toBe(0);
    expect(new Set(lines('ran.txt'))).toEqual(new Set(['0', '1', '2']));
  });

  test('a node that goes down and comes back costs no retry', async () => {
    counted(2, { cmd: 'sleep 4' });
    const driver = project.start('run', '--executor', 'lab', '--no-report');
    await until(() => running() === 2);
    cluster.ask('scontrol', 'update', `nodename=${cluster.host}`, 'state=down', 'reason=test');
    await sleep(2000);
    cluster.ask('scontrol', 'update', `nodename=${cluster.host}`, 'state=resume');
    const ended = await driver.ended;
    expect(ended.stderr).toContain('2 done');
    expect(events().some(({ type }) => type === 'cell-failed')).toBe(false);
  });

  function running(): number {
    const text = cluster
      .ask('squeue', '--me', '--noheader', '--array', '--states=RUNNING', '--format=%i')
      .trim();
    return text === '' ? 0 : text.split('\n').length;
  }

  async function until(holds: () => boolean): Promise<void> {
    for (let look = 0; !holds(); look++) {
      if (look > 600) throw new Error(`it did not come: ${cluster.ask('squeue')}\n${cluster.log('ctld')}`);
      await sleep(200);
    }
  }
});
