import { expect, test } from 'vitest';
import { CellsProject } from '../../kit/cells.ts';

test('whether a stage is warm is no part of its key', async () => {
  const project = new CellsProject();
  project.write(
    'stage.ts',
    `import { writeFileSync } from 'node:fs';
     export default ({ out }: { out(name: string): string }) => writeFileSync(out('o'), 'o');`,
  );
  const pipeline = (warm: string) => `version: 1\nstages:\n  a: {run: stage.ts, ${warm}outs: {o: o}}\n`;
  project.write('pipeline.yaml', pipeline(''));
  expect((await project.run()).ran).toEqual(['a']);
  for (const warm of ['warm: true, ', 'warm: false, ']) {
    project.write('pipeline.yaml', pipeline(warm));
    expect((await project.status()).get('a')).toMatchObject({ state: 'up-to-date' });
  }
  project.remove();
});
