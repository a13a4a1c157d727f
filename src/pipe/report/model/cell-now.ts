/** A cell as the project has it now, beside what the last run said of it: which of the two a report may show. */

import type { Fingerprint, Reason } from '../../key/fingerprint.ts';
import type { Made } from './input.ts';
import { type CellRecord, unrecorded } from './run-record.ts';
import { hasFailed, hasResults, type ReportState } from './state.ts';

export interface CellNow {
  /** What is in place is what the pipeline as it stands would make. */
  readonly current: boolean;
  /** The key that the pipeline as it stands gives it; null: not known before what it reads is made. */
  readonly key: string | null;
  /** Why it is not current. */
  readonly reasons: readonly Reason[];
  /** Null: nothing is in place. */
  readonly inPlace: InPlace | null;
}

/** A cell's outs as they are in the project now. */
export interface InPlace {
  readonly key: string;
  readonly fingerprint: Fingerprint;
  /** Milliseconds of the run that made them. */
  readonly ms: number | null;
  readonly bytes: number | null;
  /** Out name → absolute path. */
  readonly outs: ReadonlyMap<string, string>;
  readonly made: Made | null;
}

type Known = Omit<CellRecord, 'state'> & { readonly state: ReportState };

/** What a run said of a cell counts only as long as the pipeline has not moved on since. */
export function cellToday(said: CellRecord | undefined, now: CellNow): Known {
  if (said !== undefined && stillHolds(said, now)) return said;
  if (now.current) return { ...unrecorded, state: 'up-to-date' };
  return { ...unrecorded, state: now.inPlace === null ? 'waiting' : 'outdated', reasons: now.reasons };
}

function stillHolds({ state, key }: CellRecord, now: CellNow): boolean {
  if (state === 'running') return true;
  if (hasResults(state)) return now.current && (state === 'frozen' || key === now.inPlace?.key);
  if (now.current) return false;
  return !hasFailed(state) || key === null || now.key === null || key === now.key;
}
