/** The run as JUnit XML: a test case a cell and a claim, so that a CI shows them where it shows tests. */

import { reasonText } from '../../key/reason-text.ts';
import type { ReportInput } from '../model/input.ts';
import { madeText } from '../model/outdated.ts';
import { hasFailed, hasResults, wasCached } from '../model/state.ts';

/** Cells that failed are failures, cells that did not run are skipped; a contradicted claim is a failure, an undecided one skipped. */
export function junitXml(input: ReportInput): string {
  const claims = input.claims.flatMap(({ value, origin }) => value.map((claim) => ({ ...claim, origin })));
  const suites = [
    ...input.stages.map(({ name }) =>
      suite(
        input,
        name,
        input.cells
          .filter(({ stage }) => stage === name)
          .map((cell) => ({
            name: cell.id,
            seconds: wasCached(cell.state) ? 0 : (cell.ms ?? 0) / 1000,
            failure: hasFailed(cell.state)
              ? { message: cell.error?.message ?? cell.state, text: cell.error?.tail.join('\n') ?? '' }
              : null,
            skipped:
              hasResults(cell.state) || hasFailed(cell.state)
                ? null
                : cell.state === 'outdated'
                  ? `out of date: ${cell.reasons.map(reasonText).join('; ')}`
                  : cell.cause === null
                    ? cell.state
                    : `${cell.cause} failed`,
          })),
      ),
    ),
    ...(claims.length === 0
      ? []
      : [
          suite(
            input,
            'claims',
            claims.map((claim) => ({
              name: `${claim.id}: ${claim.statement}`,
              seconds: 0,
              // A verdict of another configuration is neither a pass nor a failure of this one.
              failure:
                claim.verdict === 'contradicted' && !claim.origin.stale
                  ? { message: claim.detail, text: `${claim.source}: ${claim.paper}` }
                  : null,
              skipped: claim.origin.stale
                ? `out of date, it was ${claim.verdict}: ${madeText(claim.origin.made, input.params)}`
                : claim.verdict === 'undecided'
                  ? claim.detail
                  : null,
            })),
          ),
        ]),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${attribute(input.title)}">\n${suites.join('')}</testsuites>\n`;
}

/** What the results that are up to date were made with. */
function properties({ pipeline, profile, set, provenance, params }: ReportInput): string {
  const facts = [
    ['pipeline', pipeline],
    ['profile', profile ?? 'none'],
    ['set', set.join(' ')],
    ['revision', provenance.revision ?? 'not known'],
    ['params', JSON.stringify(params)],
  ] as const;
  return `<properties>\n${facts.map(([name, value]) => `<property name="${attribute(name)}" value="${attribute(value)}"/>\n`).join('')}</properties>\n`;
}

interface Case {
  readonly name: string;
  readonly seconds: number;
  readonly failure: { readonly message: string; readonly text: string } | null;
  readonly skipped: string | null;
}

function suite(input: ReportInput, name: string, cases: readonly Case[]): string {
  const failures = cases.filter(({ failure }) => failure !== null).length;
  const skipped = cases.filter((one) => one.skipped !== null).length;
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0);
  return `<testsuite name="${attribute(name)}" tests="${cases.length}" failures="${failures}" skipped="${skipped}" time="${seconds.toFixed(3)}">\n${properties(input)}${cases
    .map((one) => {
      const head = `<testcase classname="${attribute(name)}" name="${attribute(one.name)}" time="${one.seconds.toFixed(3)}"`;
      if (one.failure !== null)
        return `${head}><failure message="${attribute(one.failure.message)}">${content(one.failure.text)}</failure></testcase>\n`;
      return one.skipped === null
        ? `${head}/>\n`
        : `${head}><skipped message="${attribute(one.skipped)}"/></testcase>\n`;
    })
    .join('')}</testsuite>\n`;
}

function attribute(text: string): string {
  return content(text).replace(/"/g, '&quot;').replace(/\n/g, '&#10;');
}

/** XML 1.0 has no form for most control characters, escaped or not. */
function content(text: string): string {
  return text
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}
