/** The run that a person means: by its id, the beginning of it, its name, a tag, or `latest`. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { nearest } from '../../lib/diagnostics/suggest.ts';
import type { Layout } from '../store/layout.ts';
import { type RecordedRun, recordedRuns } from '../store/recorded-runs.ts';
import { readLabels } from './run-labels.ts';

/** Null: no run is called that. A tag means the newest run that has it. @throws UserError for a beginning that fits several */
export function findRun(layout: Layout, text: string): RecordedRun | null {
  const runs = recordedRuns(layout).toReversed();
  const [newest] = runs;
  if (text === 'latest') return newest ?? null;
  const exact = runs.find(({ name }) => name === text);
  if (exact) return exact;
  const labelled =
    runs.find(({ folder }) => readLabels(folder).name === text) ??
    runs.find(({ folder }) => readLabels(folder).tags.includes(text));
  if (labelled) return labelled;
  if (!/^\d{4,}/.test(text)) return null;
  const begun = runs.filter(({ name }) => name.startsWith(text));
  if (begun.length > 1)
    throw new UserError(`${begun.length} runs begin with ${text}`, {
      code: exitCode.usage,
      hint: `write more of it: ${begun
        .slice(0, 4)
        .map(({ name }) => name)
        .join(', ')}`,
    });
  return begun[0] ?? null;
}

/** @throws UserError (exit 2) that names the nearest */
export function theRun(layout: Layout, text: string): RecordedRun {
  const found = findRun(layout, text);
  if (found) return found;
  const near = nearest(text, ['latest', ...wordsForRuns(layout)]);
  throw new UserError(`no run here is called ${text}`, {
    code: exitCode.usage,
    hint: near === undefined ? '`pipe runs` lists them' : `did you mean \`${near}\`?`,
  });
}

/** Everything that a run can be asked for by, newest first. */
export function wordsForRuns(layout: Layout): readonly string[] {
  return recordedRuns(layout)
    .toReversed()
    .flatMap(({ name, folder }) => {
      const labels = readLabels(folder);
      return [name, ...(labels.name === null ? [] : [labels.name]), ...labels.tags];
    });
}
