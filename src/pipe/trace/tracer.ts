/**
 * What a tracer gives, whatever the language of the stage: which code its entry reaches, and what to run. One
 * implementation per language stands in a folder of its own.
 */
import type { Diagnostic } from '../../lib/diagnostics/diagnostic.ts';
import type { Look } from '../digest/look.ts';
import type { CodeFingerprint } from './code-fingerprint.ts';

/** Code that was traced: a digest of all of it, each file's own, who imports whom, and the packages with their versions. */
export type ModuleFingerprint = Extract<CodeFingerprint, { kind: 'module' }>;

export interface TracedModule {
  readonly fingerprint: ModuleFingerprint;
  /** Absolute path of the program to run: for TypeScript the bundle. */
  readonly bundle: string;
  /** Files that the stage itself will read as its code, as they were traced; none where it runs a bundle. */
  readonly read: readonly TracedFile[];
}

export interface TracedFile {
  /** Absolute. */
  readonly path: string;
  readonly look: Look;
}

export interface Tracer {
  /** Traces from `entry`, a path in the project. Each entry once per run. @throws CodeError, PathError */
  trace(entry: string): Promise<TracedModule>;
  /** Keeps what was learnt for the next run. */
  save(): void;
}

/** The code cannot be traced: a mistake in it, or an import that cannot be followed. Each problem with its place and the way out. */
export class CodeError extends Error {
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(({ message, at }) => `${at.file}:${at.line}:${at.column}: ${message}`).join('\n'));
    this.name = 'CodeError';
    this.diagnostics = diagnostics;
  }
}
