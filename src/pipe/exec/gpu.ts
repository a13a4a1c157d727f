/** Which GPUs this run may use: those of the machine, of those the ones it inherited, of those the ones asked for. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';

export interface GpuProbe {
  readonly index: number;
  readonly uuid: string;
}

/** What nvidia-smi lists; empty where there is no such program or no GPU. */
export async function probeGpus(): Promise<readonly GpuProbe[]> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      ['--query-gpu=index,uuid', '--format=csv,noheader'],
      { timeout: 20_000 },
    );
    return stdout.split('\n').flatMap((line) => {
      const match = /^\s*(\d+)\s*,\s*(\S+)/.exec(line);
      return match ? [{ index: Number(match[1]), uuid: match[2] ?? '' }] : [];
    });
  } catch {
    return [];
  }
}

/**
 * `inherited` is the caller's CUDA_VISIBLE_DEVICES: a batch system gave this run those GPUs, and the others belong to
 * somebody else. `asked` is --gpus; null: all that may be used.
 * @throws UserError when `asked` names a GPU that is not there or not ours.
 */
export function usableGpus(
  machine: readonly GpuProbe[],
  inherited: string | undefined,
  asked: readonly number[] | null,
): readonly number[] {
  const visible =
    inherited === undefined ? machine.map((gpu) => gpu.index) : inheritedGpus(machine, inherited);
  if (asked === null) return visible;
  const foreign = asked.filter((id) => !visible.includes(id));
  if (foreign.length === 0) return [...new Set(asked)];
  const limit = inherited === undefined ? '' : ` within CUDA_VISIBLE_DEVICES=${inherited}`;
  throw new UserError(
    `--gpus asks for GPU ${foreign.join(', ')}, but this machine has ${visible.length === 0 ? 'none' : `GPU ${visible.join(', ')}`}${limit}`,
    { code: exitCode.usage, hint: 'leave --gpus out to use every GPU that this run may use' },
  );
}

/** As CUDA reads it: ids or beginnings of UUIDs, up to the first that is not there. */
function inheritedGpus(machine: readonly GpuProbe[], variable: string): readonly number[] {
  const result: number[] = [];
  for (const word of variable.split(',').map((text) => text.trim())) {
    const found = machine.find((gpu) =>
      /^\d+$/.test(word) ? gpu.index === Number(word) : word.length > 4 && gpu.uuid.startsWith(word),
    );
    if (!found) break;
    if (!result.includes(found.index)) result.push(found.index);
  }
  return result;
}
