/** How often the best architectures use each operation, in the whole space and with each operation masked (figure 3). */
import { rankUnder } from '../benchmark/target.ts';
import { type Operation, operations } from '../space/architecture.ts';
import { topNs } from '../tables.ts';

export type BenchmarkRows = Parameters<typeof rankUnder>[0];

/** One point of figure 3. */
export type UsagePoint = Readonly<Record<string, string | number | null>>;

/**
 * Usage: the share of the top-N that use an operation at all. Share: the part of all 6·N positions that it takes. For
 * every N of the paper that the masked space still holds, and for all of it.
 */
export function operationUsage(rows: BenchmarkRows): UsagePoint[] {
  const masks: readonly (Operation | null)[] = [null, ...operations];
  return masks.flatMap((masked) => {
    const ranked = rankUnder(rows, masked === null ? [] : [masked]);
    const sizes = [...topNs.filter((n) => n < ranked.length), ranked.length];
    return sizes.flatMap((n) => {
      const chosen = ranked.slice(0, n);
      return operations
        .filter((operation) => operation !== masked)
        .map((operation): UsagePoint => {
          const id = operations.indexOf(operation);
          const using = chosen.filter(({ architecture }) => architecture.some((one) => one === id)).length;
          const positions = chosen.reduce(
            (sum, { architecture }) => sum + architecture.filter((one) => one === id).length,
            0,
          );
          return {
            masked: masked ?? 'none',
            top: n === ranked.length ? 'all' : String(n),
            architectures: n,
            operation,
            usage: n === 0 ? null : using / n,
            share: n === 0 ? null : positions / (6 * n),
          };
        });
    });
  });
}
