/**
 * `npm run test:mutants [-- --sample K --seed S]`: breaks one rule at a time in a copy of the tree; the test that is named
 * for it must fail there. First all of those tests must pass in the copy as it is.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutant, mutants } from './list.ts';

const { values } = parseArgs({
  options: { sample: { type: 'string' }, seed: { type: 'string', default: '1' }, only: { type: 'string' } },
});
const root = process.cwd();
const copy = mkdtempSync(join(tmpdir(), 'pipe-mutants-'));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');

/** A sample that its seed decides, in the list's order. */
function chosen(): readonly Mutant[] {
  const named = mutants.filter(({ rule }) => values.only === undefined || rule.includes(values.only));
  const count = Number(values.sample ?? named.length);
  let state = Number(values.seed) >>> 0;
  const order = named.map((mutant) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return { mutant, rank: state };
  });
  const sample = new Set(
    order
      .toSorted((a, b) => a.rank - b.rank)
      .slice(0, count)
      .map(({ mutant }) => mutant),
  );
  return named.filter((mutant) => sample.has(mutant));
}

function runTest(
  file: string,
  names: readonly string[],
): { readonly passed: number; readonly failed: number; readonly said: string } {
  const pattern = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const report = join(copy, 'result.json');
  rmSync(report, { force: true });
  const args = [
    vitest,
    'run',
    file,
    '-t',
    pattern,
    '--maxWorkers=1',
    '--reporter=json',
    `--outputFile=${report}`,
  ];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: copy,
    encoding: 'utf8',
    timeout: 300_000,
  });
  try {
    const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(report, 'utf8'));
    return { passed, failed, said: stdout + stderr };
  } catch {
    return { passed: 0, failed: 0, said: stdout + stderr };
  }
}

function broken({ file, find, replace }: Mutant): {
  readonly file: string;
  readonly good: string;
  readonly bad: string;
} {
  const path = join(copy, file);
  const good = readFileSync(path, 'utf8');
  if (good.split(find).length !== 2) throw new Error(`${file} does not hold once: ${find}`);
  return { file: path, good, bad: good.replace(find, () => replace) };
}

try {
  for (const name of [
    'src',
    'test',
    'schema',
    'stages',
    'scripts',
    'package.json',
    'vitest.config.ts',
    'tsconfig.json',
    'CHANGELOG.md',
  ])
    cpSync(join(root, name), join(copy, name), {
      recursive: true,
      filter: (path) => !path.includes('/golden/nas'),
    });
  for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(copy, name));
  const list = chosen();
  const files = grouped(list);
  let wrong = 0;
  for (const [file, of] of files) {
    const { passed, failed, said } = runTest(
      file,
      of.map(({ test }) => test.name),
    );
    if (failed > 0 || passed === 0) {
      wrong++;
      console.log(`${file} fails as it is, or has no test of that name:\n${said.slice(-2000)}`);
    }
  }
  let survivors = 0;
  for (const mutant of list) {
    const { file, good, bad } = broken(mutant);
    writeFileSync(file, bad);
    const { failed, passed } = runTest(mutant.test.file, [mutant.test.name]);
    writeFileSync(file, good);
    if (failed > 0) continue;
    survivors++;
    console.log(`survived: ${mutant.rule} (${mutant.file}; ${passed} tests passed)`);
  }
  console.log(`${list.length} mutants, ${survivors} survivors`);
  process.exitCode = survivors + wrong > 0 ? 1 : 0;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

function grouped(list: readonly Mutant[]): Map<string, Mutant[]> {
  const groups = new Map<string, Mutant[]>();
  for (const mutant of list) groups.set(mutant.test.file, [...(groups.get(mutant.test.file) ?? []), mutant]);
  return groups;
}
