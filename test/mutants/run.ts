/**
 * `npm run test:mutants`: breaks one rule at a time in a copy of the tree; the test that is named for it must fail there.
 * First those tests must pass in the copy as it is (but with `--broken-only`). `--only TEXT`: rules that have it;
 * `--sample K --seed S`: so many of them; `--first N --count K --seconds T`: from that one on, so many, for so long; `--json`.
 */
import { parseArgs } from 'node:util';
import { numbersOf } from '../kit/numbers.ts';
import { mutants } from './list.ts';
import type { Mutant } from './mutant.ts';
import { MutatedCopy } from './mutated-copy.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    count: { type: 'string', default: 'Infinity' },
    seconds: { type: 'string', default: 'Infinity' },
    'broken-only': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const started = performance.now();
const copy = await MutatedCopy.of(process.cwd());
const say = (text: string) => (values.json ? process.stderr : process.stdout).write(`${text}\n`);

/** A sample that its seed decides, in the list's order. */
function chosen(): readonly Mutant[] {
  const named = mutants.filter(({ rule }) => rule.includes(values.only));
  const count = Number(values.sample ?? named.length);
  const pick = numbersOf(Number(values.seed));
  const ranked = named.map((mutant) => ({ mutant, rank: pick(2 ** 30) }));
  const sample = new Set(
    ranked
      .toSorted((a, b) => a.rank - b.rank)
      .slice(0, count)
      .map(({ mutant }) => mutant),
  );
  return named.filter((mutant) => sample.has(mutant));
}

/** Files of tests that fail as they are, or have none of the names. */
async function wrongAsTheyAre(list: readonly Mutant[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const file of new Set(list.map(({ test }) => test.file))) {
    const names = list.flatMap(({ test }) => (test.file === file ? [test.name] : []));
    const { passed, failed, said } = await copy.runTests(file, names);
    if (failed === 0 && passed > 0) continue;
    wrong.push(file);
    say(`${file} fails as it is, or has no test of that name:\n${said.slice(-2000)}`);
  }
  return wrong;
}

try {
  const first = Number(values.first);
  const list = chosen().slice(first, first + Number(values.count));
  const wrong = values['broken-only'] ? [] : await wrongAsTheyAre(list);
  const survivors: string[] = [];
  let tried = 0;
  for (const mutant of list) {
    if (performance.now() - started > Number(values.seconds) * 1000) break;
    const begun = performance.now();
    const { failed, passed } = await copy.runBroken(mutant);
    tried++;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    if (failed > 0) say(`noticed: ${mutant.rule} (${seconds} s)`);
    else {
      survivors.push(mutant.rule);
      say(`survived: ${mutant.rule} (${mutant.file}; ${passed} tests passed; ${seconds} s)`);
    }
  }
  const goOn = tried < list.length ? `; to go on: --first ${first + tried}` : '';
  const seconds = Math.round((performance.now() - started) / 1000);
  say(`${tried} mutants, ${survivors.length} survivors, ${seconds} s${goOn}`);
  if (values.json) process.stdout.write(`${JSON.stringify({ tried, survivors, wrong, seconds })}\n`);
  process.exitCode = survivors.length + wrong.length > 0 ? 1 : 0;
} finally {
  await copy.remove();
}
