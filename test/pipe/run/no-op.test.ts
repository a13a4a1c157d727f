import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { buildPipe } from '../../kit/cli.ts';
import { Pipeline } from '../../kit/pipeline.ts';

let program: Awaited<ReturnType<typeof buildPipe>>;
const pipeline = new Pipeline();

beforeAll(async () => {
  program = await buildPipe();
  pipeline.write(
    'pipeline.yaml',
    `version: 1
axes: { seed: [0, 1, 2] }
stages:
  train: { run: stages/train.ts, matrix: [seed], outs: { out: out.txt } }
  all: { cmd: "cat \${deps.parts} > \${outs.out}", deps: { parts: train.out }, outs: { out: out.txt } }
`,
  );
  pipeline.write(
    'stages/train.ts',
    "import { writeFileSync } from 'node:fs';\nexport default ({ out }: any) => writeFileSync(out('out'), 'x');\n",
  );
});
afterAll(() => {
  pipeline.remove();
  program.remove();
});

const Coverage = z.object({ result: z.array(z.object({ url: z.string() })) });

function pipe(...args: readonly string[]) {
  const coverage = join(pipeline.dir, 'coverage');
  mkdirSync(coverage, { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [program.file, ...args], {
    cwd: pipeline.dir,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: pipeline.dir, NODE_V8_COVERAGE: coverage },
  });
  // Coverage lists every script that node has loaded.
  const packages = readdirSync(coverage).flatMap((name) => {
    const { result } = Coverage.parse(JSON.parse(readFileSync(join(coverage, name), 'utf8')));
    return result.flatMap(({ url }) => /node_modules\/(?!\.cache)((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  });
  rmSync(coverage, { recursive: true });
  return { status, stderr, packages: [...new Set(packages)].sort() };
}

test('a run that has nothing to do loads no package, writes no report, and says so in one line', () => {
  const first = pipe('run');
  expect(first.stderr).toContain('✓ 4 done, 0 cached, 0 failed, 0 not run');
  expect(first.packages).toContain('esbuild');
  const report = statSync(join(pipeline.dir, 'reports/index.html'), { bigint: true }).mtimeNs;
  const second = pipe('run');
  expect(second.stderr).toMatch(/^✓ up to date: 4 cells.*\n$/);
  expect(second.status).toBe(0);
  expect(second.packages).toEqual([]);
  expect(statSync(join(pipeline.dir, 'reports/index.html'), { bigint: true }).mtimeNs).toBe(report);
});
