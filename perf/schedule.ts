/**
 * The scheduler in virtual time: studies of 1,000 to 100,000 cells with the paper's durations on 1,000 GPUs. How close the
 * end comes to what no schedule beats, and what a decision costs.
 */
import { forecast } from '../src/pipe/run/forecast.ts';
import { paperGraph } from '../test/pipe/run/paper-graph.ts';

const gpus = Array.from({ length: 1000 }, (_, n) => n);
const local = { cpu: 1e9, memory: 1e15, gpus, named: {}, places: 1e9 };
const hours = (ms: number) => `${(ms / 3_600_000).toFixed(1)} h`;

for (const count of [1_000, 1_001, 3_001, 10_001, 30_001, 100_001]) {
  const { graph, ms, gpuMs, chainMs } = paperGraph(count);
  const result = await forecast({
    graph,
    wanted: new Set(graph.cells.keys()),
    inPlace: new Set(),
    local,
    executorOf: () => 'local',
    expectedMs: (cell) => ms.get(cell) ?? null,
  });
  // The first is to warm the compiler up.
  if (count === 1_000) continue;
  const least = Math.max(chainMs, gpuMs / gpus.length);
  const each = ((result.tookMs * 1000) / result.cells).toFixed(0);
  console.log(
    `${result.cells} cells: ${hours(result.ms)}, at least ${hours(least)} (+${((result.ms / least - 1) * 100).toFixed(2)} %), ${each} µs per decision`,
  );
}
