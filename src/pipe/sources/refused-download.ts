/** A download that trying again does not mend. */
export class RefusedDownload extends Error {
  /** What would, as the end of a sentence. */
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'RefusedDownload';
    this.hint = hint;
  }
}
