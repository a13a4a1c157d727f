/**
 * The fingerprint: everything that decides a cell's outs, as one document. Its sha256 is the key. It is kept whole,
 * beside what it produced, so that `why` can say what changed.
 */

import type { Json, JsonObject } from '../../lib/json.ts';
import type { Sha256 } from '../../lib/sha256.ts';
import type { CellId } from '../plan/graph.ts';
import type { CodeFingerprint } from '../trace/code-fingerprint.ts';

export type Key = string & { readonly __brand: 'Key' };

/** Raised, with a line in CHANGELOG.md, whenever the same inputs would give another key. */
export const fingerprintVersion = 2;

export interface Fingerprint {
  /** A key of an older layout must never be taken for one of this layout. */
  readonly version: typeof fingerprintVersion;
  /** What runs: the bundle of a module's traced code, or a command's text. */
  readonly code: CodeFingerprint;
  readonly params: JsonObject;
  /** Axis values seen by the cell (a named value's content, not only its name). */
  readonly axes: JsonObject;
  readonly deps: Readonly<Record<string, DepFingerprint>>;
  /** Values of the `set` and `keyed` variables; null: not set. Names in `pass` are not here. */
  readonly env: Readonly<Record<string, string | null>>;
  /** Output of each probe command. */
  readonly tools: Readonly<Record<string, string>>;
  /** Out name → path: moving an out is another result. */
  readonly outs: Readonly<Record<string, string>>;
  /** Cores that a module may use. Absent: one, as for every stage that declares nothing. */
  readonly cpu?: number;
}

export type DepFingerprint =
  | {
      readonly kind: 'one';
      readonly sha256: Sha256;
      /**
       * What a stage can see of its name: the path of a project's file below the project, the last name of an out's or
       * source's path. A compiler goes by the ending, and many programs write the name into what they make.
       */
      readonly name: string;
    }
  | {
      readonly kind: 'gather';
      /** How many items the plan has: the stage sees it, and three of five are not three of three. */
      readonly planned: number;
      /** Sorted by axis values, so that reordering an axis reruns nothing. */
      readonly items: readonly {
        readonly axes: Readonly<Record<string, string>>;
        readonly sha256: Sha256;
        readonly name: string;
      }[];
    };

/** Why a cell must run, most telling reason first. Empty when it is up to date. */
export type Reason =
  | { readonly kind: 'never-ran' }
  | { readonly kind: 'forced' }
  | { readonly kind: 'always' }
  | {
      readonly kind: 'param';
      readonly name: string;
      readonly from: Json | undefined;
      readonly to: Json | undefined;
    }
  | {
      readonly kind: 'axis';
      readonly name: string;
      readonly from: Json | undefined;
      readonly to: Json | undefined;
    }
  | {
      readonly kind: 'code';
      readonly file: string;
      readonly via: readonly string[];
      /** What of it changed, where that is known: `function focal`. */
      readonly parts?: readonly string[];
    }
  | {
      readonly kind: 'package';
      readonly name: string;
      readonly from: string | undefined;
      readonly to: string | undefined;
    }
  | { readonly kind: 'command'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'dep';
      readonly name: string;
      readonly from: Sha256 | undefined;
      readonly to: Sha256 | undefined;
      /** The path, source or cell the dep comes from. */
      readonly origin: string;
      readonly cause?: CellId;
      /** Its content is the same, and only its name differs. */
      readonly renamed?: { readonly from: string; readonly to: string };
    }
  | {
      readonly kind: 'env';
      readonly name: string;
      readonly from: string | null | undefined;
      readonly to: string | null | undefined;
    }
  | {
      readonly kind: 'tool';
      readonly name: string;
      readonly from: string | undefined;
      readonly to: string | undefined;
    }
  | {
      readonly kind: 'outs';
      readonly name: string;
      readonly from: string | undefined;
      readonly to: string | undefined;
    }
  | { readonly kind: 'cpu'; readonly from: number; readonly to: number }
  | { readonly kind: 'out-missing' | 'out-changed'; readonly name: string }
  | { readonly kind: 'upstream'; readonly cell: CellId }
  | { readonly kind: 'fingerprint-version'; readonly from: number; readonly to: number };
