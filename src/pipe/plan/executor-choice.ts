/** Which executor a cell goes to: what the command line says of its stage, what the stage says, then what is usual. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { didYouMean, listOf } from '../../lib/diagnostics/suggest.ts';
import { localName } from '../config/executor-doc.ts';
import type { Cell, Graph } from './graph.ts';

/** `--executor` arguments, understood. */
export interface ExecutorChoice {
  /** Where cells go whose stage names none; null: what the profile says. */
  readonly usual: string | null;
  /** By stage: stronger than what the stage says. */
  readonly stages: ReadonlyMap<string, string>;
}

export const noChoice: ExecutorChoice = { usual: null, stages: new Map() };

/** `NAME`, or `STAGE=NAME`, the last of each kind counts. @throws UserError (exit 2) for a name that is not there */
export function executorChoice(graph: Graph, words: readonly string[]): ExecutorChoice {
  let usual: string | null = null;
  const stages = new Map<string, string>();
  for (const word of words) {
    const [first = '', second] = word.split('=', 2);
    const known = [localName, ...graph.executors.keys()];
    check(
      second ?? first,
      known,
      'executor',
      `there is ${listOf(known)}; \`executors\` in the file adds more`,
    );
    if (second === undefined) usual = first;
    else {
      check(first, [...graph.stages.keys()], 'stage', `there is ${listOf(graph.stages.keys())}`);
      stages.set(first, second);
    }
  }
  return { usual, stages };
}

export function executorOf(
  { stage, executor }: Pick<Cell, 'stage' | 'executor'>,
  graph: Pick<Graph, 'executor'>,
  choice: ExecutorChoice,
): string {
  return choice.stages.get(stage) ?? executor ?? choice.usual ?? graph.executor ?? localName;
}

function check(name: string, known: readonly string[], kind: string, otherwise: string): void {
  if (known.includes(name)) return;
  throw new UserError(`--executor: no ${kind} is called \`${name}\``, {
    code: exitCode.usage,
    hint: didYouMean(name, known) ?? otherwise,
  });
}
