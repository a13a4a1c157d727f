/**
 * A real Slurm of one node on this machine: munged, slurmctld and slurmd of our own, with more processors configured than
 * there are. Debian: `apt-get install --no-install-recommends slurm-wlm munge`. Needs root and no systemd.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** ESLURM_ACCOUNTING_POLICY (slurm_errno.h). */
const policyError = 2050;
let clusters = 0;

export class Cluster {
  readonly dir = mkdtempSync(join(tmpdir(), 'pipe-slurm-'));
  readonly host = hostname().split('.')[0] ?? 'localhost';
  readonly #munged: boolean;

  /** `more`: lines of slurm.conf. */
  constructor(more: readonly string[] = []) {
    const { dir, host } = this;
    // Several may run on one machine.
    const port = 20_000 + ((process.pid * 4 + 2 * clusters++) % 10_000);
    for (const folder of ['spool/d', 'spool/ctld']) mkdirSync(join(dir, folder), { recursive: true });
    for (const gpu of [0, 1]) writeFileSync(join(dir, `nvidia${gpu}`), '');
    writeFileSync(join(dir, 'gres.conf'), `Name=gpu File=${dir}/nvidia[0-1]\n`);
    writeFileSync(join(dir, 'job_submit.lua'), quota(dir));
    writeFileSync(join(dir, 'slurm.conf'), configuration({ dir, host, port, more }));
    this.#munged =
      !existsSync('/run/munge/munge.socket.2') || spawnSync('/bin/sh', ['-c', 'munge -n']).status !== 0;
    if (this.#munged) {
      execFileSync('/bin/sh', [
        '-c',
        'mkdir -p /run/munge && chown munge:munge /run/munge && runuser -u munge -- munged --force',
      ]);
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
    return spawnSync(program, args, { env, encoding: 'utf8', timeout: 60_000 }).stdout ?? '';
  }

  async ready(): Promise<void> {
    for (let look = 0; look < 150; look++) {
      if (/idle|mix|alloc/.test(this.ask('sinfo', '--noheader', '--format=%T'))) return;
      await sleep(200);
    }
    throw new Error(`Slurm did not come up:\n${this.log('ctld')}\n${this.log('d')}`);
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
    rmSync(this.dir, { recursive: true, force: true });
  }

  #start(program: string): void {
    execFileSync(program, [], { env: { ...process.env, ...this.env }, stdio: 'ignore' });
  }

  /** By its pid file, and waits until it is gone. */
  #stop(name: 'ctld' | 'd'): void {
    const file = join(this.dir, `${name}.pid`);
    if (!existsSync(file)) return;
    const pid = Number(readFileSync(file, 'utf8'));
    if (!(pid > 1)) return;
    spawnSync('/bin/sh', [
      '-c',
      `kill ${pid}; n=0; while kill -0 ${pid} 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done`,
    ]);
  }
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
SlurmdParameters=config_overrides
GresTypes=gpu
JobSubmitPlugins=lua
${more.join('\n')}
NodeName=${host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=8000 Gres=gpu:2 State=UNKNOWN
PartitionName=gpu Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`;
}
