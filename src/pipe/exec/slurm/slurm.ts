/** Slurm by its commands: sbatch, squeue, scontrol, scancel. No accounting is needed (sacct is not asked). */

import type { SlurmDoc } from '../../config/executor-doc.ts';
import { type Answer, type Asking, askQueue, problemOf } from '../queue/ask-queue.ts';
import type { QueueBackend, Submission, Submitted, TaskState } from '../queue/backend.ts';
import { slurmState } from './slurm-states.ts';

/** A scancel with more ids would meet the length of a command line. */
const idsAtOnce = 500;

/** What sbatch says when it is full, and will not be later. */
const fullPattern =
  /QOSMax\w*(?:Submit|Jobs)\w*|AssocMax\w*Submit\w*|AssocGrpSubmit\w*|Job violates accounting\/QOS policy|temporarily unable to accept job|job queue full|temporarily disabled|Resource temporarily unavailable|Reached max(?:imum)? (?:number of )?jobs|Unable to contact slurm controller|Connection refused/i;

/** sbatch was refused, and would sleep and ask again for two minutes. This process looks after its jobs meanwhile. */
const retriesPattern = /sleeping and retrying|temporarily disabled, retrying/i;

/** The request went out, and no answer came back: Slurm may have the job. */
const unheardPattern = /Socket timed out|Zero Bytes were transmitted|Transport endpoint|Connection reset/i;

export function slurmBackend(doc: SlurmDoc, env: NodeJS.ProcessEnv): QueueBackend {
  const ask = (program: string, args: readonly string[], more: Asking = {}): Promise<Answer> =>
    askQueue(program, args, { env, ...more });
  const well = async (program: string, args: readonly string[]): Promise<string> => {
    const answer = await ask(program, args);
    if (answer.code !== 0) throw new Error(`${program}: ${problemOf(answer)}`);
    return answer.stdout;
  };
  return {
    async mostTasks() {
      const most = /^MaxArraySize\s*=\s*(\d+)/m.exec(await well('scontrol', ['show', 'config']))?.[1];
      return Math.max(1, Number(most ?? 1));
    },
    async submit(submission) {
      const where = { cwd: submission.project, enough: retriesPattern };
      return submitted(await ask('sbatch', sbatchArguments(submission, doc), where), submission.tasks);
    },
    async states() {
      const text = await well('squeue', [
        '--noheader',
        '--me',
        '--array',
        '--states=all',
        '--format=%F|%K|%T|%r',
      ]);
      return statesIn(text);
    },
    async lastStates(tasks) {
      const states = new Map<string, TaskState>();
      // One question per array, not per task: an array may have thousands.
      for (const job of new Set(tasks.map((task) => task.replace(/_\d+$/, '')))) {
        const answer = await ask('scontrol', ['--oneliner', 'show', 'job', job]);
        if (answer.code === 0) for (const line of answer.stdout.split('\n')) addRecord(line, states);
        else if (!/Invalid job id/i.test(answer.stderr)) throw new Error(`scontrol: ${problemOf(answer)}`);
      }
      return states;
    },
    async cancel(tasks) {
      for (let from = 0; from < tasks.length; from += idsAtOnce)
        await ask('scancel', ['--quiet', ...tasks.slice(from, from + idsAtOnce)]);
    },
    async find(name, tasks) {
      const text = await well('squeue', [
        '--noheader',
        '--me',
        '--states=all',
        `--name=${name}`,
        '--format=%F',
      ]);
      const job = /^\d+/.exec(text.trim())?.[0];
      return job === undefined ? null : { kind: 'submitted', job, tasks: taskIds(job, tasks) };
    },
  };
}

/** Values of variables stand in no argument: only their names do. */
function sbatchArguments(submission: Submission, doc: SlurmDoc): readonly string[] {
  const { name, comment, script, output, tasks, cpu, gpu, memory, timeMs, warningMs, partition, extra } =
    submission;
  const exported = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', ...submission.variables];
  const seconds = Math.ceil(warningMs / 1000);
  return [
    '--parsable',
    `--job-name=${name}`,
    `--comment=${comment}`,
    `--output=${output}/${tasks > 1 ? '%a' : '0'}.txt`,
    '--open-mode=append',
    `--export=${exported.join(',')}`,
    '--requeue',
    `--cpus-per-task=${cpu}`,
    ...(tasks > 1 ? [`--array=0-${tasks - 1}`] : []),
    ...(gpu > 0 ? [`--gres=gpu:${gpu}`] : []),
    ...(memory > 0 ? [`--mem=${Math.ceil(memory / 2 ** 20)}M`] : []),
    ...(timeMs === null ? [] : [`--time=${Math.ceil(timeMs / 60_000)}`, `--signal=B:USR1@${seconds}`]),
    ...(partition === null ? [] : [`--partition=${partition}`]),
    ...(doc.account === null ? [] : [`--account=${doc.account}`]),
    ...extra,
    script,
  ];
}

function submitted(answer: Answer, tasks: number): Submitted {
  // `--parsable` prints the id, and the cluster's name after a semicolon where there are several.
  const job = /^(\d+)/m.exec(answer.stdout)?.[1];
  if (answer.code === 0 && job !== undefined) return { kind: 'submitted', job, tasks: taskIds(job, tasks) };
  const message = problemOf(answer).replaceAll('sbatch: error: ', '');
  if (unheardPattern.test(message)) return { kind: 'unknown', why: message };
  return fullPattern.test(message)
    ? { kind: 'later', why: message }
    : { kind: 'refused', message: `sbatch: ${message}` };
}

function taskIds(job: string, tasks: number): readonly string[] {
  return tasks === 1 ? [job] : Array.from({ length: tasks }, (_, index) => `${job}_${index}`);
}

/** A line of `scontrol --oneliner show job`. One that stands for many waiting tasks of an array names none of them. */
function addRecord(line: string, states: Map<string, TaskState>): void {
  const word = (name: string) => new RegExp(`\\b${name}=(\\S+)`).exec(line)?.[1];
  const state = word('JobState');
  const job = word('ArrayJobId') ?? word('JobId');
  const task = word('ArrayTaskId');
  if (state === undefined || job === undefined) return;
  states.set(task === undefined ? job : `${job}_${task}`, slurmState(state, word('Reason') ?? ''));
}

/** `17|3|RUNNING|None`: a task of an array; `18|N/A|…`: a job of its own. */
function statesIn(text: string): ReadonlyMap<string, TaskState> {
  const states = new Map<string, TaskState>();
  for (const line of text.split('\n')) {
    const [job = '', task = '', word = '', reason = ''] = line.split('|');
    if (!/^\d+$/.test(job)) continue;
    states.set(/^\d+$/.test(task) ? `${job}_${task}` : job, slurmState(word, reason));
  }
  return states;
}
