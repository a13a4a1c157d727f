/** Claims as JUnit XML, so that a CI can hold a result: contradicted is a failure, undecided is skipped. */
import type { ClaimVerdict } from './claims.ts';

export function claimsJunit(claims: readonly ClaimVerdict[]): string {
  const count = (verdict: ClaimVerdict['verdict']) =>
    claims.filter((claim) => claim.verdict === verdict).length;
  const cases = claims.map(({ id, statement, verdict, detail, source, paper }) => {
    const open = `  <testcase classname="claims" name="${escapeXml(`${id}: ${statement}`)}" time="0"`;
    if (verdict === 'supported') return `${open}><system-out>${escapeXml(detail)}</system-out></testcase>`;
    if (verdict === 'undecided') return `${open}><skipped message="${escapeXml(detail)}"/></testcase>`;
    return `${open}><failure message="${escapeXml(detail)}">${escapeXml(`${source}: ${paper}`)}</failure></testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="claims" tests="${claims.length}" failures="${count('contradicted')}" errors="0" skipped="${count('undecided')}">
${cases.join('\n')}
</testsuite>
`;
}

function escapeXml(text: string): string {
  return (
    text
      // Characters that XML 1.0 cannot hold at all.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '�')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  );
}
