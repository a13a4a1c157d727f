/** When a restore is long enough to be spoken of. */
import { expect, test } from 'vitest';
import { sha256Of } from '../../../src/lib/sha256.ts';
import { PutCount, type PutProgress } from '../../../src/pipe/cell/put-count.ts';
import { CellsProject } from '../../kit/cells.ts';

test('a restore says its files and bytes after a second and then twice a second, those of places too', () => {
  const project = new CellsProject();
  try {
    project.write(
      'pipeline.yaml',
      'version: 1\nstages:\n  a: {cmd: "true ${outs.d}", outs: {d: {path: d, place: p}}}\n',
    );
    const [cell] = project.graph().cells.values();
    const digest = sha256Of('');
    const out = { path: 'd', type: 'folder', object: digest, sha256: digest, executable: false } as const;
    let now = 0;
    const said: PutProgress[] = [];
    const count = new PutCount(
      (progress) => said.push(progress),
      () => now,
    );
    count.begin(cell!, { d: { ...out, size: 100, files: 10 } });
    for (let file = 0; file < 10; file++) {
      now += 300;
      count.put(10);
    }
    expect(said.map(({ files }) => files)).toEqual([4, 6, 8, 10]);
    expect(said[0]).toEqual({ files: 4, totalFiles: 20, bytes: 40, totalBytes: 200 });
  } finally {
    project.remove();
  }
});
