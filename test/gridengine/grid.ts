/**
 * A real Grid Engine of one host on this machine, with a spool, ports and queue of its own. Debian: `apt-get install
 * --no-install-recommends gridengine-master gridengine-exec gridengine-client`. Needs root and no systemd.
 */
import { execFileSync, spawnSync } from 'node:child_process';
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

const programs = '/usr/lib/gridengine';
const shared = '/usr/share/gridengine';

/** Why there can be none here; null: there can. */
export function whyNoGrid(): string | null {
  if (process.env.PIPE_TEST_GRIDENGINE !== '1') return 'only with `npm run test:gridengine`';
  if (process.getuid?.() !== 0) return 'a Grid Engine of its own needs root';
  const needed = ['sge_qmaster', 'sge_execd', 'spoolinit', 'spooldefaults', 'qsub', 'qconf'];
  const missing = needed.filter((program) => !existsSync(join(programs, program)));
  return missing.length === 0
    ? null
    : `no ${missing.join(', ')} here: apt-get install gridengine-master gridengine-exec gridengine-client`;
}

export class Grid {
  readonly dir = mkdtempSync(join(tmpdir(), 'pipe-grid-'));
  readonly #host = hostname();
  readonly #port = 20_000 + (process.pid % 10_000);

  constructor() {
    const { dir } = this;
    for (const folder of ['default/common', 'spool/qmaster/job_scripts', 'spool/db', 'spool/execd'])
      mkdirSync(join(dir, folder), { recursive: true });
    for (const name of ['bin', 'util', 'utilbin', 'lib'])
      symlinkSync(join('/var/lib/gridengine', name), join(dir, name));
    const common = (name: string, text: string) => writeFileSync(join(dir, 'default/common', name), text);
    common('bootstrap', bootstrap(dir));
    common('act_qmaster', `${this.#host}\n`);
    // Whatever name this machine's address leads to, it is this one.
    common('host_aliases', `${this.#host} localhost\n`);
    const configuration = readFileSync(join(shared, 'default-configuration'), 'utf8')
      .replace(/^execd_spool_dir.*/m, `execd_spool_dir ${dir}/spool/execd`)
      .replace(/^min_uid.*/m, 'min_uid 0')
      .replace(/^min_gid.*/m, 'min_gid 0');
    writeFileSync(join(dir, 'configuration'), configuration);
    this.#do('spoolinit', 'berkeleydb', 'libspoolb', join(dir, 'spool/db'), 'init');
    this.#do('spooldefaults', 'configuration', join(dir, 'configuration'));
    this.#do('spooldefaults', 'complexes', join(shared, 'util/resources/centry'));
    this.#do('spooldefaults', 'usersets', join(shared, 'util/resources/usersets'));
    this.#do('spooldefaults', 'managers', 'root');
    this.#do('sge_qmaster');
  }

  get env(): NodeJS.ProcessEnv {
    return {
      PATH: `${programs}:${process.env.PATH}`,
      SGE_ROOT: this.dir,
      SGE_CELL: 'default',
      SGE_QMASTER_PORT: String(this.#port),
      SGE_EXECD_PORT: String(this.#port + 1),
    };
  }

  ask(program: string, ...args: readonly string[]): string {
    const env = { ...process.env, ...this.env };
    return spawnSync(join(programs, program), args, { env, encoding: 'utf8', timeout: 60_000 }).stdout ?? '';
  }

  /** Two GPUs, eight places, and a queue that looks for jobs every second. */
  async ready(): Promise<void> {
    await until(() => this.ask('qconf', '-sh').includes(this.#host), this);
    this.ask('qconf', '-as', this.#host);
    this.#do('sge_execd');
    await until(() => this.ask('qconf', '-sel').includes(this.#host), this);
    this.#change('-sc', '-Mc', (text) => `${text}gpu gpu INT <= YES YES 0 0\n`);
    this.#write('-Me', hostOf(this.#host));
    this.#write('-Ap', environmentOf);
    this.#write('-Aq', queueOf(this.#host));
    this.#change('-ssconf', '-Msconf', (text) =>
      text
        .replace(/^schedule_interval.*/m, 'schedule_interval 0:0:1')
        .replace(/^flush_submit_sec.*/m, 'flush_submit_sec 1')
        .replace(/^flush_finish_sec.*/m, 'flush_finish_sec 1')
        .replace(/^job_load_adjustments.*/m, 'job_load_adjustments NONE'),
    );
    await until(() => this.ask('qstat', '-f').includes('lx-amd64'), this);
  }

  /** Jobs by the letters of their state: `r` runs, `qw` waits. */
  jobs(state?: string): readonly string[] {
    const rows = this.ask('qstat').split('\n').slice(2);
    const columns = rows.map((row) => row.trim().split(/\s+/)).filter((row) => row.length > 4);
    return columns.filter((row) => state === undefined || row[4] === state).map(([id = '']) => id);
  }

  stop(): void {
    this.ask('qdel', '-u', 'root');
    this.ask('qconf', '-ke', 'all');
    this.ask('qconf', '-km');
    // It may think for long about its end.
    for (const pid of this.#daemons()) spawnSync('/bin/sh', ['-c', ending, 'sh', pid], { stdio: 'ignore' });
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** By their pid files. */
  #daemons(): readonly string[] {
    const spool = join(this.dir, 'spool');
    const files = ['qmaster/qmaster.pid', `execd/${this.#host.split('.')[0]}/execd.pid`];
    const read = files.map((name) => join(spool, name)).filter((file) => existsSync(file));
    return read.map((file) => readFileSync(file, 'utf8').trim()).filter((pid) => /^\d+$/.test(pid));
  }

  log(): string {
    const file = join(this.dir, 'spool/qmaster/messages');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(-20).join('\n') : '';
  }

  #do(program: string, ...args: readonly string[]): void {
    const env = { ...process.env, ...this.env };
    execFileSync(join(programs, program), args, { env, stdio: 'ignore', timeout: 60_000 });
  }

  #write(flag: string, text: string): void {
    const file = join(this.dir, 'said');
    writeFileSync(file, text);
    this.ask('qconf', flag, file);
  }

  #change(read: string, write: string, how: (text: string) => string): void {
    this.#write(write, how(this.ask('qconf', read)));
  }
}

/** Waits five seconds for a process to end, and then ends it. */
const ending =
  'n=0; while kill -0 $1 2>/dev/null && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done; kill -9 $1';

async function until(holds: () => boolean, grid: Grid): Promise<void> {
  for (let look = 0; !holds(); look++) {
    if (look > 200) throw new Error(`Grid Engine did not come up:\n${grid.log()}`);
    await sleep(200);
  }
}

function bootstrap(dir: string): string {
  return `admin_user none
default_domain none
ignore_fqdn false
spooling_method berkeleydb
spooling_lib libspoolb
spooling_params ${dir}/spool/db
binary_path ${programs}
qmaster_spool_dir ${dir}/spool/qmaster
security_mode none
listener_threads 2
worker_threads 2
scheduler_threads 1
`;
}

function hostOf(host: string): string {
  const none = ['load_scaling', 'user_lists', 'xuser_lists', 'projects', 'xprojects', 'usage_scaling'];
  const nones = [...none, 'report_variables'].map((name) => `${name} NONE\n`).join('');
  return `hostname ${host}\ncomplex_values gpu=2,slots=8\n${nones}`;
}

const environmentOf = `pe_name smp
slots 999
user_lists NONE
xuser_lists NONE
start_proc_args NONE
stop_proc_args NONE
allocation_rule $pe_slots
control_slaves FALSE
job_is_first_task TRUE
urgency_slots min
accounting_summary FALSE
qsort_args NONE
`;

function queueOf(host: string): string {
  const none = [
    ...['load_thresholds', 'suspend_thresholds', 'ckpt_list', 'prolog', 'epilog', 'starter_method'],
    ...['suspend_method', 'resume_method', 'terminate_method', 'owner_list', 'user_lists', 'xuser_lists'],
    ...['subordinate_list', 'complex_values', 'projects', 'xprojects', 'calendar'],
  ];
  const limits = ['rt', 'cpu', 'fsize', 'data', 'stack', 'core', 'rss', 'vmem'];
  const unbound = limits.flatMap((name) => [`s_${name}`, `h_${name}`]);
  return `qname all.q
hostlist ${host}
seq_no 0
nsuspend 1
suspend_interval 00:05:00
priority 0
min_cpu_interval 00:05:00
processors UNDEFINED
qtype BATCH INTERACTIVE
pe_list smp
rerun FALSE
slots 8
tmpdir /tmp
shell /bin/sh
shell_start_mode posix_compliant
notify 00:00:60
initial_state default
${none.map((name) => `${name} NONE\n`).join('')}${unbound.map((name) => `${name} INFINITY\n`).join('')}`;
}
