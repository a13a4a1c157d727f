/** How long a stage that was asked to end may take. */
export interface Grace {
  /** Milliseconds between SIGINT and SIGTERM: time for a checkpoint. */
  readonly interruptMs: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly terminateMs: number;
}

export const defaultGrace: Grace = { interruptMs: 20_000, terminateMs: 5_000 };
