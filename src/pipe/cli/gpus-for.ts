/** The GPUs that a cell is given when it runs by itself: as many as it asks for, of those that are there. */
import type { Cell } from '../plan/graph.ts';

export async function gpusFor(cell: Cell, env: NodeJS.ProcessEnv): Promise<readonly number[]> {
  if (cell.resources.gpu === 0) return [];
  const { probeGpus, usableGpus } = await import('../exec/gpu.ts');
  return usableGpus(await probeGpus(), env.CUDA_VISIBLE_DEVICES, null).slice(0, cell.resources.gpu);
}
