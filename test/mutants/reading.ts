/** What decides a cell: its inputs, their digests, the trace of its code, its key. */
import { type Mutant, mutant } from './mutant.ts';
import { tests } from './tests.ts';

export const reading: readonly Mutant[] = [
  // What a running stage reads
  mutant(
    'the way to an input is part of it',
    'pipe/cell/guard.ts',
    [
      ' &&\n        waysTo(input, project).every((way, index) => isSameWay(input.ways[index] ?? [], way))',
      '',
    ],
    [tests.inputs, 'a link on the way was pointed elsewhere and back'],
  ),
  mutant(
    'a cell reads its upstream from a view of the store',
    'pipe/cell/inputs.ts',
    [
      "job: { kind: 'one', path: around.viewPath(item.out) },",
      "job: { kind: 'one', path: around.outPath(item.cell, item.out.path) },",
    ],
    [tests.atOnce, 'what is edited in the folder of outs reaches no stage'],
  ),
  mutant(
    'a stage that ended before it returned publishes nothing',
    'pipe/exec/local.ts',
    ["attempt.run.kind === 'module' && !existsSync(returnedFile(attempt.folder))", 'false'],
    ['test/accidents/half-outs.test.ts', 'half an out is not published: process.exit(0) in the middle'],
  ),
  mutant(
    'a cell that finds the gate held tries again',
    'pipe/cell/run-entry.ts',
    ['if (this.#entered === entering) this.#entered = undefined;', ''],
    [tests.atOnce, 'a run that finds the cache being cleaned'],
  ),
  // Digests
  mutant(
    'a stat younger than the tick is not remembered',
    'pipe/digest/file-digests.ts',
    ['if (settled) this.#index.set', 'this.#index.set'],
    [tests.digests, 'a stat younger than the tick is not remembered'],
  ),
  mutant(
    'ctime is part of a stat',
    'pipe/digest/stat-index.ts',
    ['.${ctimeNs}$', '$'],
    [tests.digests, 'an edit of the same size with its mtime put back'],
  ),
  mutant(
    'the inode is part of a stat',
    'pipe/digest/stat-index.ts',
    ['${dev}.${ino}.', '${dev}.'],
    [tests.rules, 'the stat of a file has its inode'],
  ),
  mutant(
    'a damaged index is not used',
    'pipe/digest/stat-index.ts',
    ['|| `${sha256Of(body)}\\n` !== text.slice(-65)', ''],
    [tests.digests, 'an index that was damaged is not used'],
  ),
  mutant(
    'whether a file may run is part of it',
    'pipe/digest/listing.ts',
    ['return executable ? sha256Of(`executable ${content}`) : content;', 'return content;'],
    [tests.digests, 'whether a file may be executed'],
  ),
  mutant(
    'a circle of links ends',
    'pipe/digest/folder-walk.ts',
    ['if (chain.some((above) => isBelow(above, real)))', 'if (false)'],
    [tests.digests, 'in circles they end with an error'],
  ),
  // Traces of code
  mutant(
    'a trace is remembered with the folders that names were looked up in',
    'pipe/trace/probes.ts',
    ['if (this.folder(path) !== names) return false;', 'this.folder(path);'],
    [tests.typescript, 'a new file that would be found first is seen'],
  ),
  mutant(
    'a trace in Python is remembered with what it looked at',
    'pipe/trace/python/python-tracer.ts',
    ['if (!remembered || !(await this.#probes.isCurrent(remembered.observed)))', 'if (!remembered)'],
    ['test/pipe/trace/python/python-tracer.test.ts', 'a remembered trace equals a fresh one'],
  ),
  // Key
  mutant(
    'params are in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    params,\n    axes: fingerprint.axes', '    axes: fingerprint.axes'],
    [tests.incremental, 'a param is named with both values'],
  ),
  mutant(
    'axes are in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    axes: fingerprint.axes,\n', ''],
    [tests.rules, 'each part of a fingerprint changes the key'],
  ),
  mutant(
    'deps are in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    deps: depsAsJson(fingerprint.deps),\n', ''],
    [tests.rules, 'each part of a fingerprint changes the key'],
  ),
  mutant(
    'environment is in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    env: fingerprint.env,\n', ''],
    [tests.rules, 'each part of a fingerprint changes the key'],
  ),
  mutant(
    'tools are in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    tools: fingerprint.tools,\n', ''],
    [tests.rules, 'each part of a fingerprint changes the key'],
  ),
  mutant(
    'outs are in the key',
    'pipe/key/cell-fingerprint.ts',
    ['    outs: fingerprint.outs,\n', ''],
    [tests.rules, 'each part of a fingerprint changes the key'],
  ),
  // The witness of a run with nothing to do
  mutant(
    'a witness has the times of what it saw',
    'pipe/run/witness.ts',
    ['if (stat.ctimeMs !== numbers[at + 2] || ', 'if ('],
    [tests.witness, 'the next run looks when a dep is edited, and its size and mtime put back'],
  ),
  mutant(
    'a witness has what was not there',
    'pipe/run/witness.ts',
    ['if (targetOf(path)) return false;', ''],
    [tests.witness, 'the next run looks when a source turns up at an earlier place'],
  ),
  mutant(
    'a witness has the variables that are in keys',
    'pipe/run/witness.ts',
    ['if (head.env.some(([name, value]) => (env[name] ?? null) !== value)) return null;', ''],
    [tests.witness, 'the next run looks when a variable in a key has another value'],
  ),
  mutant(
    'a witness is of the text of the pipeline file',
    'pipe/run/witness.ts',
    ['if (sha256Of(readRegularFile(join(project, head.pipeline))) !== head.text) return null;', ''],
    [tests.witness, 'the next run looks when the pipeline file is edited'],
  ),
  mutant(
    'tools are asked again where a witness stands',
    'pipe/run/witness.ts',
    ['return (await toolsAgree(head.tools, project, env)) ? head : null;', 'return head;'],
    [tests.witness, 'the next run looks when a tool says something else'],
  ),
  mutant(
    'a witness is of what was at rest before it was looked at',
    'pipe/run/witness-writer.ts',
    ['return ctimeMs < this.#before - tick;', 'return true;'],
    [tests.witness, 'what was written while a run looked is in no witness'],
  ),
];
