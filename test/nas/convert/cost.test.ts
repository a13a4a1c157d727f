/** Parameters and FLOPs against the benchmark's own. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cost } from '../../../src/nas/convert/cost.ts';
import { parseArchitecture } from '../../../src/nas/space/architecture.ts';
import { realTable } from '../../kit/real-data.ts';

describe('cost of an architecture', () => {
  test('FLOPs are those of the real files, for each head and image size', () => {
    expect(cost(parseArchitecture('421211'), 10, 32).flops / 1e6).toBe(15.64737);
    expect(cost(parseArchitecture('421211'), 100, 32).flops / 1e6).toBe(15.65322);
    expect(cost(parseArchitecture('421211'), 120, 16).flops / 1e6).toBe(3.91948);
    expect(cost(parseArchitecture('111020'), 10, 32).flops / 1e6).toBe(11.71521);
  });

  test.skipIf(!existsSync(realTable))(
    'parameters of all 15,625 are those of the table (skipped without the sample of real data)',
    () => {
      const [header, ...lines] = readFileSync(realTable, 'utf8').trim().split(/\r?\n/);
      const params = header!.split(',').indexOf('params_c10');
      const wrong = lines.filter((line) => {
        const cells = line.split(',');
        return cost(parseArchitecture(cells[0]!), 10, 32).params !== Number(cells[params]);
      });
      expect(lines).toHaveLength(15_625);
      expect(wrong.length).toBe(0);
    },
  );
});
