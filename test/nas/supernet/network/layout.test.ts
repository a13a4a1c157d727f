/** Layout: parameter counts against the figures and the benchmark's own table. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseArchitecture } from '../../../../src/nas/space/architecture.ts';
import {
  parameterCount,
  standAloneLayout,
  superNetworkLayout,
} from '../../../../src/nas/supernet/network/layout.ts';
import { variantSchema } from '../../../../src/nas/supernet/network/options.ts';
import { realTable } from '../../../kit/real-data.ts';

const countOf = (overrides: object) => parameterCount(superNetworkLayout(variantSchema.parse(overrides)));

test('the small super-network has 2,870,442 parameters, and each linear transformer adds 258,048', () => {
  expect(countOf({})).toBe(2_870_442);
  expect(countOf({ linearTransformer: 'skip' })).toBe(2_870_442 + 258_048);
  expect(countOf({ linearTransformer: 'skip+pool' })).toBe(2_870_442 + 2 * 258_048);
});

test('a masked operation has no parameters', () => {
  const names = superNetworkLayout(
    variantSchema.parse({ mask: ['conv3x3', 'skip'], linearTransformer: 'skip+pool' }),
  ).parameters.map(({ name }) => name);
  expect(names.filter((name) => /edges.*(conv3x3|skip)/.test(name))).toEqual([]);
  expect(names.filter((name) => /edges.*(conv1x1|pool)/.test(name))).toHaveLength(6 * 6 * 2);
  expect(new Set(names).size).toBe(names.length);
});

test.skipIf(!existsSync(realTable))(
  'stand-alone networks have the parameters that the benchmark gives, in all 15,625 rows',
  () => {
    const [header, ...rows] = readFileSync(realTable, 'utf8').trim().split(/\r?\n/);
    const column = header!.split(',').indexOf('params_c10');
    const wrong = rows.filter((row) => {
      const cells = row.split(',');
      const layout = standAloneLayout(parseArchitecture(cells[0]!), {
        channels: 16,
        cellsPerStage: 5,
        countPadding: false,
      });
      return parameterCount(layout) !== Number(cells[column]);
    });
    expect(rows).toHaveLength(15_625);
    expect(wrong).toEqual([]);
  },
);
