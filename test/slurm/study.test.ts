/** The study itself, on this machine and on Slurm: same keys, same digits. `npm run test:slurm:study`, about ten minutes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPipe } from '../kit/cli.ts';
import { StudyProject } from '../kit/study.ts';
import { type Cluster, startSlurm, whyNoSlurm } from './cluster.ts';

const wanted = process.env.PIPE_TEST_STUDY === '1';
const started = wanted ? await startSlurm() : whyNoSlurm();
const why = typeof started === 'string' ? started : wanted ? null : 'only with `npm run test:slurm:study`';
const minute = 60_000;
/** PIPE_TEST_SET: `--set` arguments that make it smaller. */
const set = (process.env.PIPE_TEST_SET ?? '').split(' ').filter((word) => word !== '');

describe.skipIf(why !== null)(
  `the study on Slurm${why === null ? '' : ` (${why})`}`,
  { timeout: 40 * minute },
  () => {
    let cluster: Cluster;
    let built: Awaited<ReturnType<typeof buildPipe>>;
    const projects: StudyProject[] = [];

    beforeAll(async () => {
      cluster = started as Cluster;
      built = await buildPipe();
    }, 2 * minute);
    afterAll(() => {
      cluster?.stop();
      built?.remove();
      for (const project of projects) project.remove();
    });

    test('the default profile has the same keys and the same report digits as on this machine', () => {
      const made = ['local', 'lab'].map((executor) => {
        const project = new StudyProject(built.file);
        projects.push(project);
        project.env = cluster.env;
        project.edit('pipeline.yaml', (text) =>
          text.replace(
            /^profiles:/m,
            'executors: {lab: {kind: slurm, partition: gpu, poll: 1s, most: {cpu: 8}}}\nprofiles:',
          ),
        );
        const ran = project.pipe('run', '--executor', executor, '-q', ...set);
        expect(ran.code, ran.stderr).toBe(0);
        const queued = new Set(
          events(project).flatMap(({ type, cell }) => (type === 'cell-queued' ? [cell] : [])),
        );
        expect(queued.size > 0).toBe(executor === 'lab');
        return resultsOf(project);
      });
      expect(Object.keys(made[0]?.keys ?? {}).length).toBeGreaterThan(10);
      expect(made[1]?.keys).toEqual(made[0]?.keys);
      expect(made[1]?.digits).toEqual(made[0]?.digits);
    });
  },
);

interface Report {
  readonly cells: readonly { readonly id: string; readonly key: string }[];
  readonly [section: string]: unknown;
}

function resultsOf(project: StudyProject) {
  const report: Report = JSON.parse(project.read('reports/report.json'));
  const { cells, claims, metrics, tables, notices, figures } = report;
  return {
    keys: Object.fromEntries(cells.map(({ id, key }) => [id, key])),
    // When and by which run each was made is another matter.
    digits: JSON.parse(JSON.stringify({ claims, metrics, tables, notices, figures }), (name, value) =>
      name === 'made' ? undefined : value,
    ),
  };
}

function events(project: StudyProject): readonly Record<string, unknown>[] {
  const [id] = project.pipe('ps', '--all', '--json').stdout.match(/\d{8}-\d{6}-[0-9a-f]+/) ?? [];
  const lines = project.read(`cache/runs/${id}/events.jsonl`).trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}
