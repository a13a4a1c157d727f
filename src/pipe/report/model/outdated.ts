/** Words for results that the pipeline as it stands did not make: which, by what, and why they no longer hold. */
import { countText } from '../../../lib/format.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { reasonText } from '../../key/reason-text.ts';
import { runCommand } from '../../run/rerun.ts';
import type { Made, Origin, ReportInput } from './input.ts';
import { flatParams } from './params.ts';
import { shortRevision } from './verdict.ts';

/** Params and causes named in a sentence. */
const named = 4;

export interface Outdated {
  readonly title: string;
  readonly text: string;
  /** Command that makes them anew. */
  readonly rerun: string;
  /** Command that reports them under the configuration that made them; null: it is this one. */
  readonly reportAsMade: string | null;
}

/** Null when every result shown is of this configuration. */
export function outdatedResults(input: ReportInput): Outdated | null {
  if (input.stale.length === 0) return null;
  const makers = [...new Set(staleOrigins(input).map(({ made }) => madeText(made, input.params)))];
  const causes = input.causes.map(reasonText);
  const why = causes.length === 0 ? '' : ` Why: ${listed(causes, '; ')}.`;
  const [first] = staleOrigins(input).flatMap(({ made }) => (made === null ? [] : [made]));
  return {
    title: `Out of date: results of ${countText(input.stale.length, 'cell')} are not of this configuration`,
    text: `What ${listed(input.stale, ', ')} wrote was ${listed(makers, '; ')}.${why}`,
    rerun: runCommand(input, []),
    reportAsMade:
      first === undefined || first.profile === input.profile
        ? null
        : runCommand({ ...input, profile: first.profile, set: first.set }, []).replace(' run', ' report'),
  };
}

/** `made by profile paper, revision 1a2b3c4, with train.epochs = 50 (now 5)`. */
export function madeText(made: Made | null, present: JsonObject): string {
  if (made === null) return 'made by a run that is no longer known';
  const { profile, revision, params } = made;
  const now = new Map(flatParams(present));
  const then = new Map(flatParams(params));
  const differing = [...new Set([...then.keys(), ...now.keys()])].filter(
    (name) => then.get(name) !== now.get(name),
  );
  const values = differing.map(
    (name) => `${name} = ${then.get(name) ?? 'absent'} (now ${now.get(name) ?? 'absent'})`,
  );
  return [
    profile === null ? 'made without a profile' : `made by profile ${profile}`,
    ...(revision === null ? [] : [`revision ${shortRevision(revision)}`]),
    ...(values.length === 0 ? [] : [`with ${listed(values, ', ')}`]),
  ].join(', ');
}

/** Where the results come from that are shown although they are out of date. */
export function staleOrigins(input: ReportInput): readonly Origin[] {
  const marked = [input.metrics, input.figures, input.tables, input.claims, input.notices];
  return marked.flatMap((items) => items.map(({ origin }) => origin)).filter(({ stale }) => stale);
}

/** Params that results shown were made with, where they differ from this configuration's: name → values, as text. */
export function otherParams(input: ReportInput): ReadonlyMap<string, readonly string[]> {
  const now = new Map(flatParams(input.params));
  const values = new Map<string, Set<string>>();
  for (const { made } of staleOrigins(input)) {
    if (made === null) continue;
    for (const [name, value] of flatParams(made.params)) {
      if (now.get(name) !== value) values.set(name, (values.get(name) ?? new Set()).add(value));
    }
  }
  return new Map([...values].map(([name, found]) => [name, [...found]]));
}

function listed(items: readonly string[], separator: string): string {
  const more = items.length - named;
  return `${items.slice(0, named).join(separator)}${more > 0 ? `${separator}and ${more} more` : ''}`;
}
