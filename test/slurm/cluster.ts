/**
 * A real Slurm of one node on this machine: munged, slurmctld and slurmd of our own, with more processors configured than
 * there are. Debian: `apt-get install --no-install-recommends slurm-wlm munge`. Needs root and no systemd.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why there can be none here; null: there can. */
export function whyNoSlurm(): string | null {
  if (process.env.PIPE_TEST_SLURM !== '1') return 'only with `npm run test:slurm`';
  if (process.getuid?.() !== 0) return 'a Slurm of its own needs root';
  const missing = ['munged', 'slurmctld', 'slurmd', 'sbatch'].filter(
    (program) => spawnSync('/bin/sh', ['-c', `command -v ${program}`]).status !== 0,
  );
  return missing.length === 0 ? null : `no ${missing.join(', ')} here: apt-get install slurm-wlm munge`;
}

/** A Slurm that runs jobs; or why there is none, in one line. Takes no longer than two minutes to find out. */
export async function startSlurm(more: readonly string[] = []): Promise<Cluster | string> {
  const why = whyNoSlurm();
  if (why !== null) return skipped(`no Slurm: ${why}`);
  let cluster: Cluster | undefined;
  try {
    cluster = new Cluster(more);
    cluster.start();
    await cluster.ready();
    // Where no job can be started, as in some containers, nothing is to be learned of cells.
    if (!(await cluster.runs())) throw new Error('it takes jobs, and runs none');
    return cluster;
  } catch (error) {
    cluster?.stop();
    return skipped(
      `Slurm does not start here: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
    );
  }
}

/** Said at once: with `-t`, no list of what was skipped comes at the end. */
function skipped(why: string): string {
  if (process.env.PIPE_TEST_SLURM === '1') process.stderr.write(`skipped: ${why}\n`);
  return why;
}

/** ESLURM_ACCOUNTING_POLICY (slurm_errno.h). */
const policyError = 2050;
let clusters = 0;

export class Cluster {
  readonly dir = mkdtempSync(join(tmpdir(), 'pipe-slurm-'));
  readonly host = hostname().split('.')[0] ?? 'localhost';

  /** `more`: lines of slurm.conf. */
  constructor(more: readonly string[] = []) {
    const { dir, host } = this;
    // Several may run on one machine.
    const port = 20_000 + ((process.pid * 4 + 2 * clusters++) % 10_000);
    for (const folder of ['spool/d', 'spool/ctld']) mkdirSync(join(dir, folder), { recursive: true });
    // Slurm tells a job the number of its GPU only when there is a device of that number.
    for (const [gpu, device] of ['null', 'zero'].entries())
      symlinkSync(`/dev/${device}`, join(dir, `nvidia${gpu}`));
    // What Slurm would ask a login shell for, per job: this one has nothing of its own, and takes no time.
    mkdirSync(join(dir, 'spool/ctld/env_cache'));
    writeFileSync(
      join(dir, 'spool/ctld/env_cache/root'),
      'HOME=/root\nUSER=root\nLOGNAME=root\nSHELL=/bin/sh\n',
    );
    writeFileSync(join(dir, 'gres.conf'), `Name=gpu File=${dir}/nvidia[0-1]\n`);
    writeFileSync(join(dir, 'job_submit.lua'), quota(dir));
    writeFileSync(join(dir, 'slurm.conf'), configuration({ dir, host, port, more }));
  }

  start(): void {
    // A test run that is killed leaves no daemon behind.
    spawn('/bin/sh', ['-c', ending, 'sh', String(process.pid), this.dir], {
      detached: true,
      stdio: 'ignore',
    }).unref();
    if (spawnSync('munge', ['-n'], { timeout: 10_000, stdio: 'ignore' }).status !== 0) {
      execFileSync('/bin/sh', ['-c', startMunge], { stdio: 'ignore', timeout: 20_000 });
      symlinkSync('/run/munge/munged.pid', join(this.dir, 'munge.pid'));
    }
    this.startController();
    this.startNode();
  }

  /** Whether it takes jobs. */
  setFull(full: boolean): void {
    const file = join(this.dir, 'full');
    if (full) writeFileSync(file, '');
    else rmSync(file, { force: true });
  }

  get env(): NodeJS.ProcessEnv {
    return { SLURM_CONF: join(this.dir, 'slurm.conf') };
  }

  /** Tasks of this user in a state, each on its own. */
  count(state: string): number {
    const text = this.ask(
      'squeue',
      '--me',
      '--noheader',
      '--array',
      `--states=${state}`,
      '--format=%i',
    ).trim();
    return text === '' ? 0 : text.split('\n').length;
  }

  /** Jobs that sbatch was told of since the start, by the controller's own log. */
  submissions(): number {
    const text = readFileSync(join(this.dir, 'ctld.log'), 'utf8');
    return text.match(/_slurm_rpc_submit_batch_job: JobId=/g)?.length ?? 0;
  }

  /** What a command of Slurm prints; '' when it fails. */
  ask(program: string, ...args: readonly string[]): string {
    const env = { ...process.env, ...this.env };
    return spawnSync(program, args, { env, encoding: 'utf8', timeout: 20_000 }).stdout ?? '';
  }

  async ready(): Promise<void> {
    const up = () => /idle|mix|alloc/.test(this.ask('sinfo', '--noheader', '--format=%T'));
    if (!(await within(40_000, up)))
      throw new Error(`it did not come up\n${this.log('ctld')}\n${this.log('d')}`);
  }

  /** Whether a job that does nothing but say so ends well. */
  async runs(): Promise<boolean> {
    const ran = join(this.dir, 'ran');
    this.ask('sbatch', '--export=PATH', '--output=/dev/null', `--wrap=touch ${ran}`);
    return within(40_000, () => existsSync(ran));
  }

  startController(): void {
    this.#start('slurmctld');
  }

  startNode(): void {
    this.#start('slurmd');
  }

  stopController(): void {
    this.#stop('ctld');
  }

  stopNode(): void {
    this.#stop('d');
  }

  log(name: 'ctld' | 'd'): string {
    const file = join(this.dir, `${name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-30).join('\n') : '';
  }

  stop(): void {
    this.ask('scancel', '--me', '--signal=KILL', '--full');
    this.ask('scancel', '--me');
    this.stopNode();
    this.stopController();
    this.#stop('munge');
    rmSync(this.dir, { recursive: true, force: true });
  }

  #start(program: string): void {
    execFileSync(program, [], { env: { ...process.env, ...this.env }, stdio: 'ignore', timeout: 20_000 });
  }

  /** By its pid file, and waits until it is gone. */
  #stop(name: 'ctld' | 'd' | 'munge'): void {
    const file = join(this.dir, `${name}.pid`);
    if (!existsSync(file)) return;
    const pid = Number(readFileSync(file, 'utf8'));
    if (!(pid > 1)) return;
    const gone = 'n=0; while kill -0 $1 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done';
    spawnSync('/bin/sh', ['-c', `kill $1; ${gone}; kill -9 $1`, 'sh', String(pid)], { stdio: 'ignore' });
  }
}

const startMunge =
  'mkdir -p /run/munge && chown munge:munge /run/munge && runuser -u munge -- munged --force';

/** Waits for a process and then, unless it did so itself, ends the daemons whose pids are in a folder, and removes that. */
const ending = `while kill -0 $1 && [ -d $2 ]; do sleep 1; done
[ -d $2 ] || exit 0
for name in d ctld munge; do [ -s $2/$name.pid ] && kill $(cat $2/$name.pid); done
sleep 5
rm -rf $2`;

async function within(ms: number, holds: () => boolean): Promise<boolean> {
  const end = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > end) return false;
    await sleep(200);
  }
  return true;
}

/** Where there is no accounting, there is no quota: a plugin refuses in a quota's words while the file `full` is there. */
function quota(dir: string): string {
  return `function slurm_job_submit(job, partitions, user)
  local full = io.open("${dir}/full", "r")
  if full == nil then return slurm.SUCCESS end
  full:close()
  slurm.log_user("QOSMaxSubmitJobPerUserLimit")
  return ${policyError}
end
function slurm_job_modify(job, record, partitions, user) return slurm.SUCCESS end
return slurm.SUCCESS
`;
}

function configuration({
  dir,
  host,
  port,
  more,
}: {
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  readonly more: readonly string[];
}): string {
  return `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${port}
SlurmdPort=${port + 1}
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmctldPidFile=${dir}/ctld.pid
SlurmdPidFile=${dir}/d.pid
SlurmdSpoolDir=${dir}/spool/d
StateSaveLocation=${dir}/spool/ctld
SlurmUser=root
SwitchType=switch/none
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=200000,batch_sched_delay=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmctldLogFile=${dir}/ctld.log
SlurmdLogFile=${dir}/d.log
AccountingStorageType=accounting_storage/none
MinJobAge=300
KillWait=5
GetEnvTimeout=0
SlurmdParameters=config_overrides
GresTypes=gpu
JobSubmitPlugins=lua
${more.join('\n')}
NodeName=${host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=8000 Gres=gpu:2 State=UNKNOWN
PartitionName=gpu Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`;
}
