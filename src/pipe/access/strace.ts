/** The system's own record of which files a program opens: strace, where there is one and it may look. */
import { execFile } from 'node:child_process';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { onPath } from '../../lib/on-path.ts';

/** Everything that opens, makes, moves or removes a file, and what says where a relative path starts. */
const calls = [
  ...['open', 'openat', 'openat2', 'creat', 'execve', 'execveat', 'chdir', 'fchdir'],
  ...['rename', 'renameat', 'renameat2', 'link', 'linkat', 'symlink', 'symlinkat'],
  ...['mkdir', 'mkdirat', 'unlink', 'unlinkat', 'rmdir', 'truncate'],
];

/**
 * What a program's command line begins with so that its calls are recorded in a file: absolute path of strace and its flags.
 * Strings but for names of files are left out (`-s 0`): arguments may be secret. Names are hexadecimal (`-xx`), so that no
 * name can look like anything else.
 */
export type Strace = (record: string) => readonly [string, ...string[]];

/** @throws UserError with the next step where there is none, or where it may not look */
export async function findStrace(env: NodeJS.ProcessEnv): Promise<Strace> {
  const refuse = (message: string, hint: string) => new UserError(message, { code: exitCode.usage, hint });
  if (process.platform !== 'linux')
    throw refuse(
      'pipe verify --trace works on Linux only: strace records there which files a stage opens',
      'run it on a Linux machine or in a container',
    );
  const program = onPath('strace', env.PATH ?? '');
  if (program === null)
    throw refuse(
      'pipe verify --trace needs strace, which is not on PATH',
      'install it: `apt-get install strace`, or the package of that name of your distribution',
    );
  // Filtering in the kernel makes it many times faster; strace before 5.3 cannot, and some containers forbid it.
  for (const fast of [['--seccomp-bpf'], []]) {
    const flags = ['-f', '-qq', ...fast, '-y', '-xx', '-s', '0', '-e', 'signal=none'];
    const trace = ['-e', `trace=${calls.map((call) => `?${call}`).join(',')}`];
    const strace: Strace = (record) => [program, ...flags, ...trace, '-o', record, '--'];
    if (await works(strace('/dev/null'))) return strace;
  }
  throw refuse(
    'pipe verify --trace: strace is here, but may not look at other programs',
    'in a container allow it: `docker run --cap-add=SYS_PTRACE`; elsewhere see /proc/sys/kernel/yama/ptrace_scope',
  );
}

function works([file, ...flags]: readonly [string, ...string[]]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(file, [...flags, 'true'], { timeout: 10_000 }, (error) => resolve(error === null));
  });
}
