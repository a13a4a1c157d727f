/** What can be wrong in a file the user wrote: where, which rule, and what to do next. */
export interface Position {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
  /** Length of the marked text on its line, for the caret line; absent: one character. */
  readonly length?: number;
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** Kebab-case name of the rule, the anchor of its page in docs/reference/diagnostics.md. */
  readonly rule: string;
  readonly message: string;
  readonly at: Position;
  /** The next step: "did you mean `train`?". */
  readonly hint?: string;
}

/** A failure the user can cause and mend. `code` is the process's exit code. Bugs throw anything else. */
export class UserError extends Error {
  readonly code: number;
  readonly hint: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  constructor(
    message: string,
    options: { code?: number; hint?: string; diagnostics?: readonly Diagnostic[] } = {},
  ) {
    super(message);
    this.name = 'UserError';
    this.code = options.code ?? 1;
    this.hint = options.hint;
    this.diagnostics = options.diagnostics ?? [];
  }
}

/** Exit codes of every command. */
export const exitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  notUpToDate: 3,
  lockHeld: 4,
  cacheIntegrity: 5,
  interrupted: 130,
  terminated: 143,
} as const;
