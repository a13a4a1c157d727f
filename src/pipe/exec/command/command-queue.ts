/** Any queue by three commands of the user's: submit, status, cancel. One job per submission; the jobs' own records decide. */
import type { CommandQueueDoc } from '../../config/executor-doc.ts';
import { type Answer, askQueue, problemOf } from '../queue/ask-queue.ts';
import type { QueueBackend, Submission, TaskState } from '../queue/backend.ts';
import { quotedWord } from '../queue/job-script.ts';

const running: TaskState = { kind: 'running', words: 'the queue lists it' };

export function commandBackend(doc: CommandQueueDoc, env: NodeJS.ProcessEnv): QueueBackend {
  const ask = (text: string, variables: NodeJS.ProcessEnv = {}): Promise<Answer> =>
    askQueue('/bin/sh', ['-c', text], { env: { ...env, ...variables } });
  return {
    mostTasks: async () => 1,
    async submit(submission) {
      const answer = await ask(filled(doc.submit, holesOf(submission)));
      const id = new RegExp(doc.id).exec(answer.stdout)?.[1];
      if (answer.code !== 0) return { kind: 'refused', message: `submit: ${problemOf(answer)}` };
      if (id === undefined)
        return {
          kind: 'refused',
          message: `submit printed no id that \`${doc.id}\` finds: ${problemOf(answer)}`,
        };
      return { kind: 'submitted', job: id, tasks: [id] };
    },
    async states(tasks) {
      const answer = await ask(doc.status);
      if (answer.code !== 0) throw new Error(`status: ${problemOf(answer)}`);
      const words = new Set(answer.stdout.split(/[^\w.-]+/));
      return new Map(tasks.flatMap((task) => (words.has(task) ? [[task, running] as const] : [])));
    },
    lastStates: async () => new Map(),
    async cancel(tasks) {
      for (const task of tasks) await ask(filled(doc.cancel, { id: task }));
    },
    async find(name) {
      const answer = await ask(doc.status);
      if (answer.code !== 0) throw new Error(`status: ${problemOf(answer)}`);
      // A queue that lists names knows; where one does not, the job itself reports when it begins.
      const line = answer.stdout.split('\n').find((one) => one.split(/[^\w.-]+/).includes(name));
      const id = line === undefined ? undefined : new RegExp(doc.id).exec(line)?.[1];
      return id === undefined ? null : { kind: 'submitted', job: id, tasks: [id] };
    },
  };
}

function holesOf({
  name,
  script,
  output,
  cpu,
  gpu,
  memory,
  timeMs,
}: Submission): Readonly<Record<string, string>> {
  return {
    name,
    script,
    output: `${output}/0.txt`,
    cpus: String(cpu),
    gpus: String(gpu),
    memory_mb: String(Math.ceil(memory / 2 ** 20)),
    seconds: timeMs === null ? '' : String(Math.ceil(timeMs / 1000)),
  };
}

/** Each value is one word for the shell, whatever is in it. */
function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (hole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? hole : quotedWord(value);
  });
}
