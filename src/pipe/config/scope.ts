import type { SourceText } from '../../lib/diagnostics/source-text.ts';
/** What stands around a stage in its file: what it may refer to, and where its mistakes are reported. */

import type { Report } from '../../lib/diagnostics/diagnostics.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Axis, LinkMode } from './document.ts';
import type { RawStage } from './stage-schema.ts';

export interface Scope {
  readonly params: JsonObject;
  readonly axes: ReadonlyMap<string, Axis>;
  /** Names that an axis has or had before a profile changed it. */
  readonly axisNames: ReadonlyMap<string, ReadonlySet<string>>;
  /** Of the whole file; null: none is named. */
  readonly shell: string | null;
  /** Of outs that do not say it themselves. */
  readonly link: LinkMode;
  /** What runs Python, of the whole file. */
  readonly python: NonNullable<RawStage['python']>;
  /** Names of executors besides `local`. */
  readonly executors: readonly string[];
  readonly source: SourceText;
  readonly report: Report;
}
