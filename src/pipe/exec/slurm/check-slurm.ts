/** Whether Slurm's commands work here, and whether the cluster has what an executor names. */
import type { SlurmDoc } from '../../config/executor-doc.ts';
import type { Finding } from '../finding.ts';
import { type Answer, askQueue, problemOf } from '../queue/ask-queue.ts';

/** `gpu`: most GPUs that a cell asks for. */
export async function checkSlurm(
  doc: SlurmDoc,
  env: NodeJS.ProcessEnv,
  gpu: number,
): Promise<readonly Finding[]> {
  const ask = async (program: string, ...args: string[]): Promise<Answer> => {
    try {
      return await askQueue(program, args, { env });
    } catch (error) {
      return { code: 127, stdout: '', stderr: error instanceof Error ? error.message : String(error) };
    }
  };
  const version = await ask('sbatch', '--version');
  if (version.code !== 0)
    return [{ what: 'slurm', state: 'problem', detail: `no sbatch here: ${problemOf(version)}` }];
  const slurm: Finding = { what: 'slurm', state: 'ok', detail: version.stdout.trim() };
  const munge = await ask('munge', '-n');
  const ping = await ask('scontrol', 'ping');
  const findings: Finding[] = [
    slurm,
    // Clusters may use another way to know users; then there is no munge, and the controller answers all the same.
    munge.code === 0
      ? { what: 'munge', state: 'ok', detail: 'makes credentials' }
      : { what: 'munge', state: 'absent', detail: problemOf(munge) },
    finding('controller', /\bUP\b/.test(ping.stdout), ping.stdout.trim(), problemOf(ping)),
  ];
  if (findings.some(({ state }) => state === 'problem')) return findings;
  const config = await ask('scontrol', 'show', 'config');
  const most = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(config.stdout)?.[1] ?? 0);
  const named = doc.partition === null ? [] : [`--partition=${doc.partition}`];
  const nodes = await ask('sinfo', '--noheader', ...named, '--format=%R|%a|%D|%T|%G|%l');
  return [...findings, arrays(doc, most), ...partitions(doc, nodes, gpu)];
}

function arrays({ array }: SlurmDoc, most: number): Finding {
  const detail = `MaxArraySize ${most}, so up to ${Math.max(1, Math.min(array, most))} jobs per submission`;
  return { what: 'arrays', state: most > 1 ? 'ok' : 'absent', detail };
}

function partitions({ partition }: SlurmDoc, nodes: Answer, gpu: number): readonly Finding[] {
  const rows = nodes.stdout
    .split('\n')
    .filter((line) => line.includes('|'))
    .map((line) => line.split('|'));
  const name = partition ?? 'the default one';
  if (rows.length === 0) {
    const why = nodes.code === 0 ? 'Slurm has no partition of that name' : problemOf(nodes);
    return [{ what: 'partition', state: 'problem', detail: `${name}: ${why}` }];
  }
  const up = rows.some(([, availability]) => availability === 'up');
  const counts = rows.map(([, , count = '', state = '']) => `${count} ${state}`).join(', ');
  const limit = rows[0]?.[5] ?? '';
  const gres = [...new Set(rows.map((row) => row[4] ?? ''))].filter((text) => text !== '(null)');
  return [
    finding('partition', up, `${name}: nodes ${counts}; longest time ${limit}`, `${name} is not up`),
    gres.length > 0
      ? { what: 'gres', state: 'ok', detail: gres.join(' ') }
      : {
          what: 'gres',
          state: gpu > 0 ? 'problem' : 'absent',
          detail:
            gpu > 0 ? `no GPU there, and a cell asks for ${gpu}` : 'no GPU there, and no cell asks for one',
        },
  ];
}

function finding(what: string, good: boolean, detail: string, otherwise: string): Finding {
  return { what, state: good ? 'ok' : 'problem', detail: good ? detail : otherwise };
}
