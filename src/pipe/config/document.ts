/**
 * pipeline.yaml as typed data: after parsing and validation, the profile and --set applied to `params` and `axes`,
 * before any `${…}` is filled in. Order of stages, axes, deps and outs is that of the file.
 */

import type { Position } from '../../lib/diagnostics/diagnostic.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import type { ExecutorDoc } from './executor-doc.ts';

export interface PipelineDocument {
  /** Path of the pipeline file, relative to the project folder. */
  readonly file: string;
  /** Heading of the report; null: none was given. */
  readonly title: string | null;
  readonly description: string;
  readonly profile: string | null;
  /** Names of all profiles, in order. */
  readonly profiles: readonly string[];
  readonly params: JsonObject;
  readonly axes: ReadonlyMap<string, Axis>;
  /** Capacity of named resources the file defines beyond gpu, cpu and memory. */
  readonly resources: ReadonlyMap<string, number>;
  readonly executors: ReadonlyMap<string, ExecutorDoc>;
  /** Where stages run that name no executor; null: the profile names none either. */
  readonly executor: string | null;
  readonly sources: ReadonlyMap<string, SourceDoc>;
  /** Null: the file says nothing of it. */
  readonly cache: CacheDoc | null;
  readonly stages: ReadonlyMap<string, StageDoc>;
  /** Stages left out because of mistakes of their own: what depends on them is not reported again. */
  readonly broken: ReadonlySet<string>;
}

/** Where results are shared, and which of them are taken. Nothing of it enters a key. */
export interface CacheDoc {
  /** As the file has it (src/pipe/config/remote-url.ts); null: only a flag or a variable names one. */
  readonly remote: string | null;
  /** What it is called; null: as its address has it. */
  readonly name: string | null;
  readonly mode: 'read' | 'read-write';
  /** Name of the variable with the private key; null: results are not signed. */
  readonly sign: string | null;
  /** Public keys, base64 of their DER form; empty: signatures are not looked at. */
  readonly trust: readonly string[];
}

/** An axis: values in order, each with the name that stands in cell ids. A list's names are its values as text. */
export interface Axis {
  readonly name: string;
  readonly values: readonly AxisValue[];
  readonly at: Position;
}
export interface AxisValue {
  readonly name: string;
  readonly value: Json;
}

/** Data from outside: the first candidate that holds data, else the url (downloaded once, resumed, checked). */
export interface SourceDoc {
  readonly name: string;
  readonly candidates: readonly SourceCandidate[];
  readonly url: string | null;
  /** sha256 of what `url` serves. */
  readonly sha256: string | null;
  /** How the download becomes the source: a file as it is, or a folder out of an archive. */
  readonly unpack: 'none' | 'tar.gz';
  /** Folder inside the archive that is the source ('' = all of it). */
  readonly strip: string;
  /** Bounds of the download; null: the default. */
  readonly limits: {
    readonly bytes: number | null;
    readonly ms: number | null;
    readonly unpacked: number | null;
  };
  readonly description: string;
  readonly at: Position;
}
export interface SourceCandidate {
  /** File or folder, relative to the project folder or absolute; may lie outside the project. */
  readonly path: string;
  /** A file's digest, or a folder's digests by relative path; null: any content (its hash enters the keys all the same). */
  readonly sha256: string | Readonly<Record<string, string>> | null;
  readonly at: Position;
}

export type RunDoc =
  | {
      readonly kind: 'module';
      /** Path of the module; of a function in Python `package.module:function`. */
      readonly file: string;
      /** null: TypeScript or JavaScript. */
      readonly python: PythonDoc | null;
      /** Whether its cells may share a process; left out: its code decides. No part of the key. */
      readonly warm?: boolean;
      readonly at: Position;
    }
  | {
      readonly kind: 'command';
      readonly command: string;
      /** Code that it runs, and what reads it; null: none is named. */
      readonly python: PythonDoc | null;
      /** What reads the command, with its flags; null: bash, or sh where there is none (src/pipe/job/shell.ts). */
      readonly shell: string | null;
      readonly at: Position;
    };

/** How Python is started, and what more counts as code. */
export interface PythonDoc {
  /** A command with its first arguments: `[uv, run, python]`. */
  readonly interpreter: readonly [string, ...string[]];
  /** Globs of files that count whole, from the project folder. */
  readonly code: readonly string[];
  /** Files that say what is installed, from the project folder. */
  readonly locks: readonly string[];
}

/** `stage.out`, `source.name` or a path inside the project; may hold `${params.…}`. */
export interface DepDoc {
  readonly name: string;
  readonly ref: string;
  readonly at: Position;
}

/** What the report does with an out (see src/pipe/report/model/mark.ts for each one's format). */
export type WatchRule = 'restart' | 'queue';

export type ReportMark = 'figures' | 'table' | 'metrics' | 'claims' | 'notice';

/** How an out is put where people look at it. Not part of the key: the content is the same. */
export type LinkMode = 'auto' | 'copy' | 'hardlink' | 'symlink';

export interface OutDoc {
  readonly name: string;
  /** Path below the cell's output folder. */
  readonly path: string;
  /** Also placed here, relative to the project folder. */
  readonly place: string | null;
  readonly link: LinkMode;
  readonly report: ReportMark | null;
  readonly at: Position;
}

export interface StageDoc {
  readonly name: string;
  readonly description: string;
  /** A `${params.…}` that must be true for the stage to exist; null: always. */
  readonly when: string | null;
  readonly run: RunDoc;
  readonly matrix: MatrixDoc | null;
  readonly deps: readonly DepDoc[];
  readonly gather: ReadonlyMap<string, GatherDoc>;
  readonly params: JsonObject;
  readonly outs: readonly OutDoc[];
  readonly resources: JsonObject;
  /** null: it names none. */
  readonly executor: string | null;
  readonly env: EnvDoc;
  /** Commands whose standard output enters the key, by name. */
  readonly tools: ReadonlyMap<string, string>;
  readonly checkpoint: { readonly excluding: readonly string[] } | null;
  readonly frozen: string | null;
  readonly always: boolean;
  readonly retries: number;
  /** Milliseconds; null: none. */
  readonly timeoutMs: number | null;
  /** As the file has it (src/pipe/plan/estimate.ts); null: none. */
  readonly estimate: Json;
  /** What a watched run does with a running cell whose inputs an edit changes. */
  readonly watch: WatchRule;
  readonly at: Position;
  /** Where each key of the stage stands, by its path joined with dots (`resources.gpu`, `outs.table`). */
  readonly where: ReadonlyMap<string, Position>;
}

/**
 * `matrix: [variant, seed]` or `{axes: […], only: […], include: […], exclude: […]}`. `include` and `exclude` as GitHub
 * Actions reads them, but a pattern's value may be a list of names. `only` (ours) keeps the combinations that match at
 * least one of its patterns; empty: all. A pattern leaves an axis free that it does not name. So a study of many factors
 * is a handful of lines: `only: [{size: [S, M], space: [all, no-zero], method: baseline}, …]`. Patterns that name values
 * which a profile took out of an axis match nothing; a name that no axis ever had is a diagnostic.
 */
export interface MatrixDoc {
  readonly axes: readonly string[];
  readonly only: readonly MatrixPattern[];
  readonly include: readonly Readonly<Record<string, string>>[];
  readonly exclude: readonly MatrixPattern[];
  readonly at: Position;
}
/** Axis name → names of values, any of which matches. */
export type MatrixPattern = Readonly<Record<string, readonly string[]>>;

/** How many of a gathered axis must have succeeded for the stage to go on: `{min: {seed: 3}}`. */
export interface GatherDoc {
  readonly min: Readonly<Record<string, number>>;
}

export interface EnvDoc {
  /** Set for the process; in the key. */
  readonly set: Readonly<Record<string, string>>;
  /** Taken from the caller's environment; in the key. */
  readonly keyed: readonly string[];
  /** Taken from the caller's environment; never in the key or in any file. */
  readonly pass: readonly string[];
}
