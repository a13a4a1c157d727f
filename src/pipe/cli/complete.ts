/** What may come next on a command line, for a shell that asks: never a mistake, never a message, and nothing is run. */
import type { Graph } from '../plan/graph.ts';
import { openPlan } from '../project/open-plan.ts';
import { flatParams } from '../report/model/params.ts';
import { layoutOf } from '../store/layout.ts';
import type { Flag, Flags, Invocation } from './command.ts';
import { topics } from './topics.ts';
import { verbs } from './verbs.ts';

/** Candidates that a shell is given: nobody reads more. */
const most = 200;
/** Said alone: the shell completes the names of files. */
const files = [':files'];

/** Of an argument of these verbs, by its place among the verb's arguments. */
const actions: Readonly<Record<string, readonly string[]>> = {
  runs: ['name', 'tag', 'untag', 'pin', 'unpin'],
  cache: ['ls', 'verify', 'gc', 'push', 'pull'],
  params: ['diff'],
  completion: ['bash', 'zsh', 'fish'],
};
const takesCells = new Set(['run', 'status', 'why', 'plan', 'ls', 'logs', 'verify', 'shell', 'metrics']);
const takesRuns = new Set(['show', 'compare', 'attach', 'serve', 'export']);

/** `words`: what stands after `pipe`, the last one under way (empty: a new word). */
export async function candidatesFor(
  words: readonly string[],
  invocation: Pick<Invocation, 'project'>,
): Promise<readonly string[]> {
  const current = words.at(-1) ?? '';
  // A quote that is still open belongs to the shell.
  const word = current.replace(/^['"]/, '');
  const found = await candidates(words.slice(0, -1), word, invocation).catch(() => []);
  if (found === files) return files;
  return found.filter((one) => one.startsWith(word)).slice(0, most);
}

async function candidates(
  before: readonly string[],
  word: string,
  invocation: Pick<Invocation, 'project'>,
): Promise<readonly string[]> {
  const [verb, ...rest] = before;
  if (verb === undefined)
    return [...Object.keys(verbs), 'help', ...(word.startsWith('-') ? ['--help', '--version'] : [])];
  if (verb === 'help') return [...Object.keys(verbs), ...Object.keys(topics)];
  const load = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (!load) return [];
  const { flags } = await load();
  const last = rest.at(-1) ?? '';
  const flag = flagOf(flags, last);
  if (flag?.type === 'string') return valuesOf(last.replace(/^--/, ''), flag, before, invocation);
  if (word.startsWith('-')) return [...Object.keys(flags), 'help'].map((name) => `--${name}`);
  return argumentsOf(verb, rest, word, { before, invocation });
}

function flagOf(flags: Flags, word: string): Flag | undefined {
  if (word.startsWith('--')) return flags[word.slice(2)];
  return word.startsWith('-') ? Object.values(flags).find(({ short }) => short === word.slice(1)) : undefined;
}

async function argumentsOf(
  verb: string,
  rest: readonly string[],
  word: string,
  { before, invocation }: { before: readonly string[]; invocation: Pick<Invocation, 'project'> },
): Promise<readonly string[]> {
  const [first] = rest.filter((one) => !one.startsWith('-'));
  if (takesCells.has(verb)) return targetsOf((await planOfLine(before, invocation)).graph, word);
  if (takesRuns.has(verb) || (verb === 'runs' && first !== undefined)) return runWords(invocation);
  if (verb === 'report' || verb === 'import' || (verb === 'metrics' && first === 'diff')) return files;
  return first === undefined ? (actions[verb] ?? []) : [];
}

async function runWords({ project }: Pick<Invocation, 'project'>): Promise<readonly string[]> {
  const { wordsForRuns } = await import('../history/find-run.ts');
  return ['latest', ...wordsForRuns(layoutOf(project))];
}

/** Stages, then the cells of the one that is meant; `axis=value` once an equals sign is there. */
function targetsOf(graph: Graph, word: string): readonly string[] {
  const sign = word.startsWith('+') ? '+' : '';
  const text = word.slice(sign.length);
  const names = [...graph.stages.keys()].filter((name) => name.startsWith(text.split('[')[0] ?? ''));
  const exact = graph.stages.get(text.split('[')[0] ?? '');
  if (text.includes('[')) return (exact?.cells ?? []).map((cell) => `${sign}${cell}`);
  const axes = new Map<string, Set<string>>();
  for (const cell of graph.cells.values())
    for (const [axis, value] of Object.entries(cell.axes))
      axes.set(axis, (axes.get(axis) ?? new Set()).add(value));
  if (text.includes('='))
    return Array.from(
      axes.get(text.split('=')[0] ?? '') ?? [],
      (value) => `${sign}${text.split('=')[0]}=${value}`,
    );
  const [only, ...others] = names;
  const cells = others.length === 0 && only !== undefined ? (graph.stages.get(only)?.cells ?? []) : [];
  return [...new Set([...names, ...cells, ...Array.from(axes.keys(), (axis) => `${axis}=`)])].map(
    (one) => `${sign}${one}`,
  );
}

async function valuesOf(
  name: string,
  flag: Flag,
  before: readonly string[],
  invocation: Pick<Invocation, 'project'>,
): Promise<readonly string[]> {
  switch (flag.value) {
    case 'FILE':
    case 'FOLDER':
    case 'REPORT':
      return files;
    case 'WHEN':
      return ['auto', 'always', 'never'];
    case 'PATH=VALUE': {
      const { params, graph } = await planOfLine(before, invocation);
      const axes = new Set([...graph.cells.values()].flatMap((cell) => Object.keys(cell.axes)));
      return [
        ...flatParams(params).map(([path]) => `${path}=`),
        ...Array.from(axes, (axis) => `axes.${axis}=`),
      ];
    }
    default:
  }
  if (name === 'profile') return (await planOfLine(before, invocation)).profiles;
  if (name === 'executor') return ['local', ...(await planOfLine(before, invocation)).graph.executors.keys()];
  if (name === 'template') {
    const { templates } = await import('../template/template.ts');
    return Object.keys(templates);
  }
  return [];
}

/** The plan of the file and profile that the line names. */
function planOfLine(before: readonly string[], { project }: Pick<Invocation, 'project'>) {
  const after = (flag: string) => before[before.indexOf(flag) + 1];
  const file = before.includes('--file') ? after('--file') : undefined;
  const profile = before.includes('--profile') ? after('--profile') : undefined;
  return openPlan(project, {
    ...(file === undefined ? {} : { file }),
    profile: profile ?? null,
    checkFiles: false,
  });
}
