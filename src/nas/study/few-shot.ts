/**
 * The few-shot idea of the paper's discussion (Zhao et al. 2020): split the space by one operation and give each part a
 * network of its own. The architectures without the operation are predicted by the network trained without it, the others
 * by that of the whole space; both are networks of the study, so that nothing more is trained.
 */
import { operations } from '../space/architecture.ts';
import { type NetworkPredictions, variantOf } from './aggregate.ts';

/** One merged set of predictions for each size, operation and seed that has both networks; the method is `split-pool`. */
export function fewShot(networks: readonly NetworkPredictions[]): NetworkPredictions[] {
  return networks.flatMap((whole) => {
    const { size, space, method } = variantOf(whole.axes);
    if (space !== 'all' || method !== 'baseline') return [];
    return operations.flatMap((operation): NetworkPredictions[] => {
      const part = networks.find(({ axes }) => {
        const other = variantOf(axes);
        return (
          other.size === size &&
          other.space === `no-${operation}` &&
          other.method === method &&
          axes.seed === whole.axes.seed
        );
      });
      if (!part) return [];
      const own = new Map(part.rows.map((row) => [row.index, row.predicted]));
      const id = String(operations.indexOf(operation));
      const rows = whole.rows.filter(({ group }) => group !== 'shared');
      // A mixture that covers only some of the part would be neither the one network nor the two.
      if (rows.some(({ index, ops }) => !ops.includes(id) && !own.has(index))) return [];
      return [
        {
          axes: { ...whole.axes, method: `split-${operation}` },
          rows: rows.map((row) =>
            row.ops.includes(id) ? row : { ...row, predicted: own.get(row.index) ?? row.predicted },
          ),
        },
      ];
    });
  });
}
