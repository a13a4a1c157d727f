/** One word, one thing: no name is exported from two rooms of src with two meanings. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = resolve(dirname(fileURLToPath(import.meta.url)), '../src');

/** Names that two rooms may export, each with its reason. */
const allowed: Readonly<Record<string, string>> = {
  kernel: 'one meaning: compiled WebAssembly, one per room that has some',
  estimate: 'the verb is a room’s file of the command line; in claims it is a statistic’s',
  Scale: 'how large a run was: what claims need of it and what the study records',
  Progress: 'one meaning, how far: of a conversion in architectures, of training in epochs',
  Made: 'what a pickle made; what a run made. The study’s reader of pickles is never read beside a report',
  Key: 'a pickle’s dict has keys, a cell has a key: both are the field’s word',
  Spread: 'one meaning, mean and deviation: the study computes it, a report reads it from a table',
  Evaluation: 'of a super-network, the field’s word; of a cell’s state',
  evaluate: 'of a super-network, the field’s word; of a cell’s state',
  plan: 'the verb of the command line is named for what it shows',
  Reach: 'what a digest reaches of a folder; what garbage collection reaches',
  signature: 'one meaning, a short text that changes with its subject: of a file’s stat, of a plan’s inputs',
  writeReport: 'the run’s hook is named for what it calls',
  RunEnd: 'one meaning: how a run ended, as an event and as a report reads it',
  Piece: 'of a line on screen; of a module’s code',
  Marked: 'marked as in use, by garbage collection; marked for the report, the user’s word',
  Layout: 'of the store’s folders; of a network’s weights',
  Provenance: 'one meaning, where from: of weights, of a report',
};

/** Name → the rooms (folders of src) that export a declaration of it. */
function exportedNames(): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>();
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const declared =
      /^export (?:default )?(?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type|enum) (\w+)/gm;
    for (const [, name = ''] of readFileSync(join(src, file), 'utf8').matchAll(declared))
      names.set(name, (names.get(name) ?? new Set()).add(dirname(file)));
  }
  return names;
}

test('no name is exported from two rooms, unless the list says why', () => {
  const names = exportedNames();
  expect(names.size).toBeGreaterThan(400);
  const twice = [...names].filter(([, rooms]) => rooms.size > 1);
  expect(
    twice.filter(([name]) => !(name in allowed)).map(([name, rooms]) => `${name}: ${[...rooms].join(', ')}`),
  ).toEqual([]);
  // A reason without a case goes.
  expect(Object.keys(allowed).filter((name) => !twice.some(([one]) => one === name))).toEqual([]);
});
