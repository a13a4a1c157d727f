/** The pipeline against the figures: `--profile paper` has a cell for everything that a figure of the paper shows. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { figureVariants } from '../../../src/nas/figures/figures.ts';
import { openPlan } from '../../../src/pipe/project/open-plan.ts';

const project = mkdtempSync(join(tmpdir(), 'paper-plan-'));
beforeAll(() => copyFileSync('pipeline.yaml', join(project, 'pipeline.yaml')));
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('--profile paper', () => {
  const variants = figureVariants();

  test('knows the variants of figures 2, 4 to 9 and 11 to 14', () => {
    const numbers = [2, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14];
    expect([...variants.keys()].sort()).toEqual(
      numbers.map((number) => `figure-${String(number).padStart(2, '0')}`),
    );
  });

  test.each([...variants])('has every network of %s, five seeds each', async (_, wanted) => {
    const { graph } = await openPlan(project, { profile: 'paper', checkFiles: false });
    const cells = [...graph.cells.values()].filter(({ stage }) => stage === 'evaluate');
    const missing = wanted.filter(
      ({ size, space, method }) =>
        cells.filter(({ axes }) => axes.size === size && axes.space === space && axes.method === method)
          .length !== 5,
    );
    expect(missing).toEqual([]);
  });
});
