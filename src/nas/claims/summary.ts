/** Reads what the aggregate stage wrote: summary.arrow, a row a network and group, and variants.json, a record a variant. */
import { tableFromIPC } from '@uwdata/flechette';
import { z } from 'zod';
import type { SummaryRow } from '../study/aggregate.ts';

const statistic = z.number().nullable();
const rowSchema = z.object({
  size: z.string(),
  space: z.string(),
  method: z.string(),
  seed: z.string(),
  group: z.string(),
  architectures: z.number(),
  predicted: z.number(),
  benchmark: z.number(),
  tauA: statistic,
  tauB: statistic,
  spearman: statistic,
  pearson: statistic,
});

/** Throws ZodError that names the row and column when the table is another. */
export function readSummary(arrow: Uint8Array): readonly SummaryRow[] {
  const table = tableFromIPC(arrow);
  return Array.from({ length: table.numRows }, (_, i) =>
    rowSchema.parse(
      Object.fromEntries(
        Object.keys(rowSchema.shape).map((name) => {
          const value: unknown = table.getChild(name)?.at(i);
          return [name, typeof value === 'number' && Number.isNaN(value) ? null : (value ?? null)];
        }),
      ),
    ),
  );
}

const variantsSchema = z.array(z.object({ planned: z.number().int() }));

/** How many seeds a variant should have. */
export function plannedSeeds(variantsJson: string): number {
  return Math.max(0, ...variantsSchema.parse(JSON.parse(variantsJson)).map(({ planned }) => planned));
}
