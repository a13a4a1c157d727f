/** What reruns in the study itself after an edit, and what `why` says of it. One project, trained once, edited and put back. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPipe } from '../kit/cli.ts';
import { StudyProject, tiny } from '../kit/study.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: StudyProject;
const cells = (stage: string, seeds: readonly number[]) =>
  ['all', 'no-pool'].flatMap((space) => seeds.map((seed) => `${stage}[S,${space},baseline,${seed}]`));
const followers = ['aggregate', 'claims', 'plot'];

beforeAll(async () => {
  pipe = await buildPipe();
  project = new StudyProject(pipe.file);
  // Two variants with one seed show all that six cells a stage would.
  project.replace(
    'pipeline.yaml',
    '    no-zero: { mask: [zero] }\n    no-pool: { mask: [pool] }\n  method',
    '    no-pool: { mask: [pool] }\n  method',
  );
  project.replace('pipeline.yaml', '  seed: [0, 1]\n', '  seed: [0]\n');
  project.ran(...tiny);
}, 300_000);
afterAll(() => {
  project.remove();
  pipe.remove();
});

/** Does what `act` says on an edited file, and puts the file back. */
function edited<T>(path: string, from: string, to: string, act: () => T): T {
  const before = project.read(path);
  project.replace(path, from, to);
  try {
    return act();
  } finally {
    project.write(path, before);
  }
}

test('nothing runs right after', () => {
  expect(project.ran(...tiny)).toEqual([]);
});

test('train.epochs: train, evaluate and what follows rerun, images and compact-bench do not', () => {
  const longer = [...tiny, '--set', 'train.epochs=3'];
  expect(project.pipe('why', cells('train', [0])[0]!, ...longer).stdout).toContain(
    'param train.epochs changed: 1 → 3',
  );
  expect(project.pipe('why', 'compact-bench', ...longer).stdout).toContain('compact-bench is up to date');
  const ran = project.ran(...longer);
  expect(ran).toEqual([...followers, ...cells('evaluate', [0]), ...cells('train', [0])].sort());
}, 300_000);

test('one more seed: only its cells, and what gathers them', () => {
  edited('pipeline.yaml', '  seed: [0]\n', '  seed: [0, 1]\n', () => {
    expect(project.pipe('why', cells('train', [1])[0]!, ...tiny).stdout).toContain('it never ran here');
    const ran = project.ran(...tiny);
    expect(ran.filter((cell) => cell.includes('['))).toEqual(
      [...cells('evaluate', [1]), ...cells('train', [1])].sort(),
    );
    expect(ran).toEqual(expect.arrayContaining(['aggregate', 'plot']));
  });
}, 300_000);

test('a comment in a stage and in what it imports: nothing', () => {
  const line = '/** Accuracy on the validation images';
  edited('stages/train.ts', 'export default', '// Said otherwise.\nexport default', () =>
    edited('src/nas/supernet/evaluate/evaluate.ts', line, `// Said otherwise.\n${line}`, () =>
      expect(project.ran(...tiny)).toEqual([]),
    ),
  );
});

test('a function that only evaluate uses: evaluate and what follows, and why names file and way', () => {
  const line = 'const correct = new Float64Array(asked.length);';
  edited('src/nas/supernet/evaluate/evaluate.ts', line, `${line}\n  correct.fill(0.5);`, () => {
    expect(project.pipe('why', cells('evaluate', [0])[0]!, ...tiny).stdout).toContain(
      'src/nas/supernet/evaluate/evaluate.ts changed, via stages/evaluate.ts → src/nas/supernet/evaluate/evaluate.ts',
    );
    const ran = project.ran(...tiny);
    expect(ran.filter((cell) => cell.includes('['))).toEqual(cells('evaluate', [0]));
    expect(ran).toEqual(expect.arrayContaining(['aggregate', 'plot']));
  });
}, 300_000);
