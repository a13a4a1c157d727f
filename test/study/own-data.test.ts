/** docs/how-to/own-images.md end to end: its command, a folder of PNGs and a table that are nobody else's. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawShapes } from '../../src/nas/data/shapes.ts';
import { buildPipe } from '../kit/cli.ts';
import { png } from '../kit/png.ts';
import { StudyProject, tiny } from '../kit/study.ts';

let pipe: Awaited<ReturnType<typeof buildPipe>>;
let project: StudyProject;
beforeAll(async () => {
  pipe = await buildPipe();
  project = new StudyProject(pipe.file);
});
afterAll(() => {
  project.remove();
  pipe.remove();
});

test('one’s own PNGs and table, by the how-to’s command: ranked, named as one’s own, no claim judged by them', () => {
  const { count, side, labels, pixels } = drawShapes({ count: 640, side: 16, seed: 9 });
  const size = side * side * 3;
  for (let n = 0; n < count; n++) {
    const path = join(project.dir, `data/pets/class-${labels[n]}/${n}.png`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, png(side, pixels.subarray(n * size, (n + 1) * size)));
  }
  const rows = [
    '421211',
    '334131',
    '333333',
    '313131',
    '300333',
    '123123',
    '331033',
    '232323',
    '130330',
    '444343',
    '111333',
    '203030',
  ];
  const table = [
    'index,ops,dataset,split,hp,epoch,seed,accuracy',
    ...rows.map((ops, i) => `${i},${ops},pets,test,50,-1,-1,${60 + i}`),
  ];
  project.write('data/pets.csv', `${table.join('\n')}\n`);
  const command = /npx pipe (run --set embedded.*)/.exec(
    readFileSync('docs/how-to/own-images.md', 'utf8'),
  )![1]!;
  const { code, stderr, stdout } = project.pipe(...command.split(' '), ...tiny);
  expect(code, stderr || stdout).toBe(0);
  const read = (path: string) => JSON.parse(project.read(`cache/cells/${path}`));
  expect(read('aggregate/notice.json').title).toBe('Images or a benchmark of your own');
  // Every variant ranked the table's own architectures: the report's numbers are of this run.
  const metrics = read('aggregate/metrics.json');
  for (const space of ['all', 'no-zero', 'no-pool'])
    expect(
      metrics[`S.${space}.baseline.accuracy_random`],
      JSON.stringify(metrics).slice(0, 500),
    ).toBeDefined();
  const { claims } = read('claims/claims.json');
  expect(new Set(claims.map(({ verdict }: { verdict: string }) => verdict))).toEqual(new Set(['undecided']));
}, 240_000);

test('how the ranking grows: the snapshots of one training are asked, and the last is the trained network', () => {
  const pipeline = [
    ['    C16: { channels: 16 }\n', ''],
    [
      '    no-zero: { mask: [zero] }\n    no-pool: { mask: [pool] }\n    no-zero-pool: { mask: [zero, pool] }\n',
      '',
    ],
    ['seed: [0, 1, 2, 3, 4]', 'seed: [0]'],
    ['epoch: [5, 10, 20, 40]', 'epoch: [1, 2]'],
    ['snapshots: [5, 10, 20, 40]', 'snapshots: [1, 2]'],
  ].reduce(
    (text, [from, to]) => {
      expect(text).toContain(from);
      return text.replace(from!, to!);
    },
    readFileSync('pipelines/growth.yaml', 'utf8'),
  );
  project.write('pipelines/growth.yaml', pipeline);
  const settings = [
    'backend=wasm',
    'train.epochs=2',
    'images.trainImages=512',
    'images.validationImages=100',
    'evaluate.top=10',
    'evaluate.random=12',
    'source.images=data/pets',
    'source.bench=data/pets.csv',
    'target=pets/test/last/mean',
  ].flatMap((one) => ['--set', one]);
  const { code, stderr, stdout } = project.pipe('run', '--file', 'pipelines/growth.yaml', ...settings);
  expect(code, stderr || stdout).toBe(0);
  // Another pipeline file has a folder of its own for its cells.
  const files = readdirSync(join(project.dir, 'cache'), { recursive: true, encoding: 'utf8' });
  const made = (end: string) =>
    readFileSync(join(project.dir, 'cache', files.find((name) => name.endsWith(end)) ?? end));
  const csv = made('growth/figures/growth.csv').toString().trim().split('\n');
  expect(csv[0]).toBe('size,space,epoch,measure,n,mean,std,low,high');
  expect(csv.filter((line) => line.includes('"A_10, %"'))).toHaveLength(2);
  const weights = made('train@C8,all,0/weights.safetensors');
  expect(made('train@C8,all,0/snapshots/epoch-2.safetensors').equals(weights)).toBe(true);
  expect(made('train@C8,all,0/snapshots/epoch-1.safetensors').equals(weights)).toBe(false);
}, 240_000);
