/** What a kind of queue has to be able to do. All else, which is most, is the same for every queue. */

export interface Submission {
  /** Of the job, and of its folder. */
  readonly name: string;
  /** For people who look at the queue. */
  readonly comment: string;
  /** Absolute. */
  readonly script: string;
  /** Absolute folder for what the jobs themselves print. */
  readonly output: string;
  readonly project: string;
  readonly tasks: number;
  readonly cpu: number;
  readonly gpu: number;
  /** Bytes; 0: not said. */
  readonly memory: number;
  readonly timeMs: number | null;
  readonly warningMs: number;
  readonly partition: string | null;
  readonly extra: readonly string[];
  /** Names of variables that the jobs get from this process. */
  readonly variables: readonly string[];
}

export type Submitted =
  /** `tasks`: the queue's id of each task. */
  | { readonly kind: 'submitted'; readonly job: string; readonly tasks: readonly string[] }
  /** A bound of the queue, which is waited out. */
  | { readonly kind: 'later'; readonly why: string }
  /** No answer came: it is found out by the name, once the queue answers again. */
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'refused'; readonly message: string };

export type TaskKind =
  | 'waiting'
  | 'running'
  /** It ended, or is ending, by itself. */
  | 'ended'
  /** Nobody's fault: a host failed, or others had more right to it. */
  | 'taken'
  | 'cancelled'
  | 'time'
  | 'memory';

export interface TaskState {
  readonly kind: TaskKind;
  /** The queue's own word, and its reason where it has one. */
  readonly words: string;
}

export interface QueueBackend {
  /** Most tasks per submission; 1: it has no arrays. @throws when the queue does not answer */
  mostTasks(): Promise<number>;
  /** @throws NoAnswer when it may have been submitted; another error when it was not */
  submit(submission: Submission): Promise<Submitted>;
  /** Of all the tasks, in one query; those that it does not name are not known any more. @throws when the queue does not answer */
  states(tasks: readonly string[]): Promise<ReadonlyMap<string, TaskState>>;
  /** Of those that `states` does not name; in the answer are those that the queue still knows. @throws when it does not answer */
  lastStates(tasks: readonly string[]): Promise<ReadonlyMap<string, TaskState>>;
  cancel(tasks: readonly string[]): Promise<void>;
  /** A submission whose answer was lost; null: the queue has none of that name. @throws when the queue does not answer */
  find(name: string, tasks: number): Promise<Extract<Submitted, { kind: 'submitted' }> | null>;
}
