/** A pipeline's text in which `«` stands before the place where a diagnostic must point. */
import type { Diagnostic } from '../../../src/lib/diagnostics/diagnostic.ts';
import { loadPipeline } from '../../../src/pipe/config/load.ts';
import type { LoadOptions } from '../../../src/pipe/config/load-settings.ts';
import { plan } from '../../../src/pipe/plan/plan.ts';

export interface Checked {
  readonly diagnostics: readonly Diagnostic[];
  /** `line:column` of each mark, in order. */
  readonly marks: readonly string[];
}

/** Every mistake of the text, marks taken out of it first. */
export function check(marked: string, options: Partial<LoadOptions> = {}): Checked {
  const marks: string[] = [];
  let text = '';
  for (const [index, piece] of marked.split('«').entries()) {
    if (index > 0) {
      const lines = text.split('\n');
      marks.push(`${lines.length}:${(lines.at(-1) as string).length + 1}`);
    }
    text += piece;
  }
  const { document, diagnostics } = loadPipeline(text, 'pipeline.yaml', {
    profile: null,
    set: [],
    ...options,
  });
  return { diagnostics: [...diagnostics, ...(document ? plan(document).diagnostics : [])], marks };
}

export function places(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(({ at, rule }) => `${at.line}:${at.column} ${rule}`);
}
