import { expect, test } from 'vitest';
import { failureGroups } from '../../../src/pipe/report/model/failure-groups.ts';
import { buildReport } from '../../../src/pipe/report/page/page.ts';
import { studyInput } from './fixture.ts';

test('equal failures are one group, whatever numbers and names their messages hold', () => {
  const { cells } = studyInput({ cells: 200 });
  const failed = cells.filter(({ state }) => state === 'failed');
  expect(failed.length).toBeGreaterThan(3);
  expect(new Set(failed.map(({ error }) => error?.message)).size).toBe(failed.length);
  const groups = failureGroups(cells);
  expect(groups).toHaveLength(1);
  expect(groups[0]!.cells).toHaveLength(failed.length);
  expect(groups[0]!.blocked).toBe(failed.length);
});

test('different failures stay apart, the larger group first', () => {
  const { cells } = studyInput({ cells: 200 });
  let seen = 0;
  const changed = cells.map((cell) =>
    cell.error !== null && seen++ === 0
      ? { ...cell, error: { ...cell.error, kind: 'timeout' as const, message: 'took longer than 12 h' } }
      : cell,
  );
  expect(failureGroups(changed).map(({ cells }) => cells.length)).toEqual([
    failureGroups(cells)[0]!.cells.length - 1,
    1,
  ]);
});

test('a failure shows its log, its hint, what it blocked and the command that runs it again', async () => {
  const { html } = await buildReport(studyInput({ figures: 0 }));
  const box = /<article class="failure">[\s\S]*?<\/article>/.exec(html)![0];
  expect(box).toContain('epoch 8/30  loss NaN');
  expect(box).toContain('&lt;b&gt;not html&lt;/b&gt;');
  expect(box).toContain('lower train.lr or clip the gradient');
  expect(box).toContain('<dt>Not run because of it</dt><dd>1 cell</dd>');
  expect(box).toContain("npx pipe run --profile cifar10 'train[no-zero,0]'");
});

test('the command that runs it again carries --file, --profile and --set', async () => {
  const { html } = await buildReport({
    ...studyInput({ figures: 0 }),
    pipeline: 'other.yaml',
    profile: 'a b',
    set: ['train.epochs=2', 'axes.seed=[0]'],
  });
  expect(html).toContain(
    "npx pipe run --file other.yaml --profile 'a b' --set train.epochs=2 --set 'axes.seed=[0]' 'train[no-zero,0]'",
  );
});
