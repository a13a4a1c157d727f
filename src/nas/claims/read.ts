/** Reads claims.yaml. All that is wrong in it is reported at once, each with its place and the next step. */
import type { Diagnostic } from '../../lib/diagnostics/diagnostic.ts';
import type { DiagnosedText } from '../../lib/diagnostics/diagnostics.ts';
import { checkShape } from '../../lib/diagnostics/shape.ts';
import { entryOf, parseYaml, type YamlNode } from '../../lib/diagnostics/yaml-node.ts';
import { type ClaimsFile, claimsFileSchema } from './form.ts';

/** A claims.yaml that cannot be used: a line per mistake, `file:line:column: what is wrong; what to do`. */
export class ClaimsFileError extends Error {
  override readonly name = 'ClaimsFileError';
}

/** What to write for a key that is missing or wrong, where its name does not say it. */
const examples: Readonly<Record<string, string>> = {
  seeds: 'seeds: 3',
  level: 'level: 0.05',
  scale: 'scale: { channels: 8, epochs: 15 }',
  paper: 'paper: { channels: 32, epochs: 250 }',
  id: 'id: "13"',
  parts: 'parts: [{ what: …, effect: …, supported: …, contradicted: … }]',
  effect: "effect: slope('S/no-zero') - slope('S/all')",
  supported: 'supported: "< 0"',
  contradicted: 'contradicted: "> 0"',
};

/** `file` is the name that messages give it. @throws ClaimsFileError */
export function readClaims(text: string, file: string): ClaimsFile {
  const { root, diagnostics } = parseYaml(text, file, '`seeds`, `scale` and `claims`');
  if (root === null) throw failure(diagnostics.all);
  const shaped = checkShape(claimsFileSchema, root, 'the file', diagnostics);
  reportRepeatedIds(root, diagnostics);
  if (shaped === undefined || diagnostics.failed) throw failure(diagnostics.all);
  return shaped.value;
}

function failure(diagnostics: readonly Diagnostic[]): ClaimsFileError {
  const lines = diagnostics
    .toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
    .map(({ at, message, hint }) => {
      const next = hint ?? nextStep(message);
      return `${at.file}:${at.line}:${at.column}: ${message}${next === undefined ? '' : `; ${next}`}`;
    });
  return new ClaimsFileError(lines.join('\n'));
}

/** An example of the key that the message is about: the one that is lacking, else the last part of the path in it. */
function nextStep(message: string): string | undefined {
  const key = (/lacks `(\w+)`/.exec(message) ?? /`(?:[\w.]*\.)?(\w+)`/.exec(message))?.[1];
  return key !== undefined && Object.hasOwn(examples, key) ? `such as ${examples[key]}` : undefined;
}

function reportRepeatedIds(root: YamlNode, { source, report }: DiagnosedText): void {
  const claims = entryOf(root, 'claims')?.value;
  const lines = new Map<string, number>();
  for (const claim of claims?.kind === 'list' ? claims.items : []) {
    const id = entryOf(claim, 'id')?.value;
    if (id?.kind !== 'scalar' || id.value === null) continue;
    const at = source.at(id);
    const line = lines.get(String(id.value));
    if (line === undefined) lines.set(String(id.value), at.line);
    else {
      const message = `line ${line} has a claim \`${id.value}\` already`;
      report('duplicate-id', at, message, 'give this one an id of its own');
    }
  }
}
