/** What a run is asked to do, with what, and where. */
import type { JsonObject } from '../../lib/json.ts';
import type { Workspace } from '../cell/workspace.ts';
import type { Executor } from '../exec/executor.ts';
import type { Grace } from '../exec/grace.ts';
import type { Key } from '../key/fingerprint.ts';
import type { ExecutorChoice } from '../plan/executor-choice.ts';
import type { CellId, Graph } from '../plan/graph.ts';
import type { Bearing } from '../remote/open-remote.ts';
import type { RemoteSettings } from '../remote/settings.ts';
import type { RunId } from './event.ts';
import type { FailureMode } from './scheduler.ts';
import type { WitnessWriter } from './witness-writer.ts';

export interface RunOptions {
  /** Absolute path of the project folder. */
  readonly project: string;
  readonly pipeline: RunPipeline;
  readonly goal: RunGoal;
  readonly machine: RunMachine;
  /** Opens the workspace; the run closes it. `onDownload` gets the bytes of a source so far and in all, `onWarning` what was found bad. */
  readonly open: (onDownload: DownloadListener, onWarning: (text: string) => void) => Workspace;
  /** Where results are shared; null: nowhere. */
  readonly remote?: RemoteSettings | null;
  /** Null: the run writes no report. */
  readonly report: RunReport | null;
  /** Takes down what a run with nothing to do looked at; left out: nothing does. */
  readonly witness?: WitnessWriter;
  /** How it was asked for, so that another process can go on with it; left out: none can. */
  readonly request?: RunRequest;
  /** What it is called; left out: a new name. */
  readonly id?: RunId;
  /** A run whose driver is gone, with which to go on. */
  readonly resume?: RunId;
  readonly hooks?: RunHooks;
}

/** The command line of a run, without the verb. */
export interface RunRequest {
  readonly args: readonly string[];
  /** Absolute: where it was typed. */
  readonly cwd: string;
}

/** The plan of a run, and what it was made with. */
export interface RunPipeline {
  readonly graph: Graph;
  /** The pipeline file, relative to the project. */
  readonly file: string;
  /** --set arguments. */
  readonly set: readonly string[];
  readonly params: JsonObject;
}

export interface RunGoal {
  /** The cells to bring up to date; what they need is added. */
  readonly cells: Iterable<CellId>;
  /** As they were typed, for the record. */
  readonly targets: readonly string[];
  readonly mode: FailureMode;
  /** Run `cells` even when they are up to date (not what they need). */
  readonly force: boolean;
  readonly noCache: boolean;
}

export interface RunMachine {
  /** -j: processors that the run may take; null: all. */
  readonly jobs: number | null;
  /** --gpus; null: all that may be used. */
  readonly gpus: readonly number[] | null;
  /** --executor; left out: what stages and the profile say. */
  readonly executors?: ExecutorChoice;
  /** The caller's environment. */
  readonly env: NodeJS.ProcessEnv;
}

export interface RunReport {
  /** Its failure is a warning: it never costs the run. */
  write(
    end: RunEnd,
    workspace: Workspace,
  ): Promise<{ readonly page: string; readonly warnings: readonly string[] }>;
  /**
   * Whether a run that has nothing to do must write it all the same: it is missing, or of another configuration.
   * `keys`: of the cells that were wanted, all of them up to date.
   */
  isDue(keys: ReadonlyMap<CellId, Key>, workspace: Workspace): Promise<boolean>;
}

/** What tests replace. */
export interface RunHooks {
  /** Where SIGINT, SIGTERM and SIGHUP come from. */
  readonly signals?: Pick<NodeJS.Process, 'on' | 'off'>;
  readonly executor?: Executor;
  readonly grace?: Grace;
  readonly bearing?: Partial<Bearing>;
  readonly backOffMs?: (attempt: number) => number;
  /** Whether jobs of queues go on when the run is interrupted; left out: on a hang-up only. */
  readonly leaves?: (signal: NodeJS.Signals) => Promise<boolean>;
  /** What git says of the project; asking it takes a process. */
  readonly revision?: string | null;
  /** Called when cells can be ended from outside: by a watch, which sees that what they read was edited. */
  readonly steer?: (helm: Helm) => void;
}

/** What a watch may do with a run under way. */
export interface Helm {
  /** Nothing new begins; what runs goes on, but for `cancel`. The run ends as an interrupted one. */
  stop(cancel: ReadonlySet<CellId>): void;
}

export type DownloadListener = (source: string, done: number, total: number | null) => void;

export interface RunEnd {
  readonly outcome: 'done' | 'up-to-date' | 'failed' | 'interrupted';
  readonly ms: number;
  readonly savedMs: number;
}

export interface RunOutcome extends RunEnd {
  readonly run: RunId;
  readonly exitCode: number;
  readonly report: string | null;
}
