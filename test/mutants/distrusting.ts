/** What is not believed: text in commands, a cache from elsewhere, a pipeline file. */
import { type Mutant, mutant } from './mutant.ts';
import { tests } from './tests.ts';

export const distrusting: readonly Mutant[] = [
  // Commands and secrets
  mutant(
    'a quote in a value ends no quotes',
    'pipe/job/command.ts',
    ["return `'${value.replaceAll(\"'\", \"'\\\\''\")}'`;", "return `'${value}'`;"],
    [tests.commands, 'no name of a file and no value of a param becomes code'],
  ),
  mutant(
    'a variable stands in quotes',
    'pipe/job/command.ts',
    ['quotes ? `"$${name}"` : `\\${${name}}`', '`\\${${name}}`'],
    [tests.commands, 'no name of a file and no value of a param becomes code'],
  ),
  mutant(
    'a secret that is cut in two is hidden',
    'pipe/job/mask.ts',
    ['return take(all, this.#begun(all));', 'return take(all, 0);'],
    [tests.masks, 'a stream is masked however it is cut'],
  ),
  // A cache from elsewhere
  mutant(
    'a plan has its user’s proof',
    'lib/user-state.ts',
    [
      "'hex');\n  return mac !== null && found.length === mac.length && timingSafeEqual(found, mac) ?",
      "'hex');\n  return mac !== null && found.length === mac.length ?",
    ],
    [tests.foreign, 'a forged plan in the index is not believed'],
  ),
  mutant(
    'a plan belongs to one build',
    'pipe/project/remembered-plan.ts',
    ['[engineBuild(), ...given]', '[...given]'],
    [tests.foreign, 'a patched build of the same version'],
  ),
  mutant(
    'a bundle is hashed before it runs',
    'pipe/trace/typescript/typescript-tracer.ts',
    ["typeof content !== 'string' && sha256Of(content) === sha256", "typeof content !== 'string'"],
    [tests.foreign, 'a bundle is checked by its content'],
  ),
  mutant(
    'to look runs no unknown tool',
    'pipe/key/tool-probes.ts',
    ['if (this.#looksOnly && !', 'if (false && !'],
    [tests.foreign, '`pipe status` runs no tools command'],
  ),
  // Plan and run
  mutant(
    'a path has no `..`',
    'pipe/config/safe-path.ts',
    ["if (segments.includes('..')) return", 'if (segments[0] === ".." ) return'],
    [tests.rules, 'a path that leaves its folder'],
  ),
  mutant(
    'a cell comes after what it needs',
    'pipe/plan/order.ts',
    ["state.set(name, 'open');\n        stack.push", "state.set(name, 'done');\n        stack.push"],
    ['test/pipe/config/diagnostics.test.ts', 'cycle'],
  ),
  mutant(
    'running a cell means running what it needs',
    'pipe/plan/target.ts',
    ['for (const id of cell.upstream) seen.add(id);', ';'],
    ['test/pipe/plan/target.test.ts', 'running a cell means running all it needs'],
  ),
  // Results that others share
  mutant(
    'a content from a remote is hashed',
    'pipe/remote/download.ts',
    ['if ((await sum.digest()) === sha256) return true;', 'if (Date.now() > 0) return true;'],
    [tests.believed, 'a content that is not what its name says is not taken'],
  ),
  mutant(
    'an entry of a remote is of the key that was asked for',
    'pipe/remote/entry.ts',
    ['if (fields.key !== key || keyOf(fingerprint) !== key) throw', 'if (false) throw'],
    [tests.believed, 'the entry of another key is not taken'],
  ),
  mutant(
    'an entry of a remote has the outs that its fingerprint declares',
    'pipe/remote/entry.ts',
    ['if (!declares(fingerprint, outs)) throw', 'if (false) throw'],
    [tests.believed, 'an entry with other outs than its fingerprint declares is not taken'],
  ),
  mutant(
    'an entry of a remote is signed by whom the project trusts',
    'pipe/remote/entry.ts',
    ['if (trust.asks && !trust.believes(body, signatureIn(second)))', 'if (false)'],
    [tests.believed, 'an entry that nobody trusted signed is not taken'],
  ),
  mutant(
    'a folder of a remote adds up to what its entry says',
    'pipe/remote/shared-results.ts',
    ['if (files.length !== out.files || files.reduce', 'if (false && files.reduce'],
    [tests.believed, 'a folder that does not add up to its entry is not taken'],
  ),
  mutant(
    'an entry is brought to a remote after what it names',
    'pipe/remote/shared-results.ts',
    ["    if (sent.includes(false)) return 'failed';\n", ''],
    [tests.believed, 'no entry is brought whose contents could not be'],
  ),
];
