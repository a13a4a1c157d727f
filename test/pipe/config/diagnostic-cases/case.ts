/** A text that breaks a rule of the pipeline file. */
export interface DiagnosticCase {
  readonly rule: string;
  readonly what: string;
  /** `«` stands where the diagnostic must point. */
  readonly text: string;
  readonly says: RegExp;
  readonly hint?: RegExp;
}

/** How each text begins. */
export const head = 'version: 1\n';
/** A stage in short. */
export const stage = (name: string, rest = '') => `  ${name}: {cmd: "true", outs: {o: o.txt}${rest}}\n`;
