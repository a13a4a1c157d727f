// What can go wrong with a backend, said so that a person knows what to do about it.

export class BackendError extends Error {
  override readonly name = 'BackendError';
  readonly nextStep: string;

  constructor(message: string, nextStep: string, cause?: unknown) {
    super(`${message} ${nextStep}`, cause === undefined ? undefined : { cause });
    this.nextStep = nextStep;
  }
}
