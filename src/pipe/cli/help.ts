/** `pipe help [TOPIC]`: a verb's help, a topic, or the list of both. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { didYouMean } from '../../lib/diagnostics/suggest.ts';
import type { Invocation } from './command.ts';
import { columns } from './table.ts';
import { topics } from './topics.ts';
import { verbs } from './verbs.ts';

/** The lines that name the topics, for the list of verbs. */
export function topicLines(): string {
  return columns(Object.entries(topics).map(([name, { summary }]) => [`  ${name}`, summary]));
}

/** `word` is no verb. @throws UserError (exit 2) that names the nearest */
export function showTopic(word: string, { stdout }: Pick<Invocation, 'stdout'>): number {
  const topic = Object.hasOwn(topics, word) ? topics[word] : undefined;
  if (topic === undefined)
    throw new UserError(`there is no help on \`${word}\``, {
      code: exitCode.usage,
      hint:
        didYouMean(word, [...Object.keys(topics), ...Object.keys(verbs)]) ??
        '`pipe help` lists verbs and topics',
    });
  stdout.write(`${word}: ${topic.summary}\n\n${topic.text}\n\nMore: docs/${topic.page}\n`);
  return exitCode.ok;
}
