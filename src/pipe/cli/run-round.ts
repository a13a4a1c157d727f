/** What a watch wants of each of its runs. */
import type { OpenedPipeline } from '../project/open-plan.ts';
import type { Subscriber } from '../run/event.ts';
import type { RunHooks } from '../run/run-options.ts';

export interface RunRound {
  readonly take: Subscriber;
  readonly steer: NonNullable<RunHooks['steer']>;
  /** Called with the plan that the run works on. */
  readonly begin: (opened: OpenedPipeline) => void;
  /** The live page that outlives the runs; null: there is none. */
  readonly live: { readonly take: Subscriber; readonly address: string; close(): Promise<void> } | null;
}
