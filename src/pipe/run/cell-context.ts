/** What a run hands to each of its cells, and what is one cell's own. */
import type { Workspace } from '../cell/workspace.ts';
import type { Lease } from '../exec/capacity.ts';
import type { Cell, CellId } from '../plan/graph.ts';
import type { MadeWith } from '../store/made-with.ts';
import type { RunId } from './event.ts';
import type { Say } from './event-stream.ts';
import type { Exchange } from './exchange.ts';
import type { RunExecutors } from './executors.ts';
import type { Stopper } from './interrupt.ts';
import type { RunFolder } from './run-folder.ts';

export interface CellContext {
  readonly run: RunId;
  readonly madeWith: MadeWith;
  readonly project: string;
  readonly workspace: Workspace;
  readonly executors: RunExecutors;
  readonly folder: RunFolder;
  readonly stopper: Stopper;
  readonly env: NodeJS.ProcessEnv;
  readonly noCache: boolean;
  readonly say: Say;
  /** Null: results are not shared. */
  readonly exchange: Exchange | null;
  /** Milliseconds to wait before the attempt after `attempt`. */
  backOffMs(attempt: number): number;
}

export interface CellTask {
  readonly cell: Cell;
  readonly without: ReadonlySet<CellId>;
  readonly lease: Lease;
  readonly force: boolean;
  /** Wait for a lock that another run holds. */
  readonly patient: boolean;
}
