/** The report of real runs: a small pipeline planned, run, failed and reported by the engine itself. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Workspace } from '../../../src/pipe/cell/workspace.ts';
import { openPlan } from '../../../src/pipe/project/open-plan.ts';
import { makeReport } from '../../../src/pipe/report/report.ts';
import { runPipeline } from '../../../src/pipe/run/run.ts';
import type { RunOutcome } from '../../../src/pipe/run/run-options.ts';

let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'pipe-report-run-'));
  await writeFile(
    join(project, 'pipeline.yaml'),
    `version: 1
title: Two seeds
description: A number for each seed, and their picture.
params: { scale: 10 }
axes:
  seed: [0, 1]
stages:
  measure:
    matrix: [seed]
    cmd: node measure.mjs \${seed} \${params.scale} \${outs.number}
    deps: { script: ./measure.mjs }
    outs: { number: number.json }
  picture:
    cmd: node picture.mjs \${outs.figures} \${outs.metrics} \${deps.numbers}
    deps: { script: ./picture.mjs, numbers: measure.number }
    outs:
      figures: { path: figures, report: figures }
      metrics: { path: metrics.json, report: metrics }
`,
  );
  await writeFile(
    join(project, 'measure.mjs'),
    `import { writeFileSync } from 'node:fs';
const [seed, scale, out] = process.argv.slice(2);
writeFileSync(out, JSON.stringify(Number(seed) + Number(scale)));
`,
  );
  await writeFile(
    join(project, 'picture.mjs'),
    `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const [figures, metrics, ...numbers] = process.argv.slice(2);
const values = numbers.map((file, x) => ({ x, y: JSON.parse(readFileSync(file, 'utf8')) }));
mkdirSync(figures, { recursive: true });
writeFileSync(figures + '/numbers.vl.json', JSON.stringify({
  usermeta: { pipe: { title: 'Numbers', caption: 'One a seed.', section: '', order: 1 } },
  data: { values }, mark: 'point',
  encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } },
}));
writeFileSync(metrics, JSON.stringify({ sum: values.reduce((sum, { y }) => sum + y, 0) }));
`,
  );
});
afterEach(() => rm(project, { recursive: true, force: true }));

interface Twin {
  readonly title: string;
  readonly run: { readonly id: string; readonly outcome: string };
  readonly metrics: readonly { readonly values: Readonly<Record<string, number>> }[];
  readonly figures: readonly { readonly name: string }[];
  readonly cells: readonly {
    readonly id: string;
    readonly state: string;
    readonly why?: readonly string[];
  }[];
  readonly stale: readonly string[];
}

async function run(
  set: readonly string[] = [],
): Promise<{ readonly outcome: RunOutcome; readonly twin: Twin }> {
  const { graph, files: _, ...facts } = await openPlan(project, { set });
  const document = { ...facts, profile: graph.profile };
  const outcome = await runPipeline(
    {
      project,
      pipeline: { graph, file: document.file, set, params: facts.params },
      goal: { cells: graph.cells.keys(), targets: [], mode: 'keep-going', force: false, noCache: false },
      machine: { jobs: 2, gpus: null, env: process.env },
      open: () => new Workspace({ project, graph, env: process.env, source: async () => null }),
      report: {
        write: (ended, workspace) => makeReport({ project, graph, document, workspace, ended }),
        isDue: async () => false,
      },
    },
    [],
  );
  return { outcome, twin: JSON.parse(await readFile(join(project, 'reports/report.json'), 'utf8')) };
}

const states = (twin: Twin): Readonly<Record<string, string>> =>
  Object.fromEntries(twin.cells.map(({ id, state }) => [id, state]));

test('a first run is reported whole; a second with nothing to do leaves the report as it is', async () => {
  const { outcome, twin } = await run();
  expect(outcome).toMatchObject({ outcome: 'done', report: 'reports/index.html' });
  expect(twin.title).toBe('Two seeds');
  expect(twin.run).toMatchObject({ id: outcome.run, outcome: 'done' });
  expect(states(twin)).toEqual({ 'measure[0]': 'done', 'measure[1]': 'done', picture: 'done' });
  expect(twin.metrics[0]?.values).toEqual({ sum: 21 });
  expect(twin.figures.map(({ name }) => name)).toEqual(['numbers']);
  const page = await readFile(join(project, 'reports/index.html'), 'utf8');
  expect(page).toContain('Complete: 3 cells');

  const again = await run();
  expect(again.outcome).toMatchObject({ outcome: 'up-to-date', report: null });
  expect(await readFile(join(project, 'reports/index.html'), 'utf8')).toBe(page);
});

test('what changed is said with the old and the new value', async () => {
  await run();
  const { twin } = await run(['scale=20']);
  expect(states(twin)).toEqual({ 'measure[0]': 'done', 'measure[1]': 'done', picture: 'done' });
  expect(twin.cells[0]?.why).toEqual(['param scale: 10 → 20']);
  expect(twin.metrics[0]?.values).toEqual({ sum: 41 });
});

test('after a failure the report shows the log, and earlier results as such', async () => {
  await run();
  await writeFile(
    join(project, 'measure.mjs'),
    `if (process.argv[2] === '1') { console.error('no number for seed 1'); process.exit(3); }
import('node:fs').then(({ writeFileSync }) => writeFileSync(process.argv[4], '5'));
`,
  );
  const { outcome, twin } = await run();
  expect(outcome.exitCode).toBe(1);
  expect(states(twin)).toEqual({ 'measure[0]': 'done', 'measure[1]': 'failed', picture: 'blocked' });
  expect(twin.stale).toEqual(['picture']);
  const page = await readFile(join(project, 'reports/index.html'), 'utf8');
  expect(page).toContain('1 failed, 1 of 3 cells there');
  expect(page).toContain('no number for seed 1');
  expect(page).toContain('Out of date: results of 1 cell are not of this configuration');
});
