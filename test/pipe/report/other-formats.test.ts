import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { junitXml } from '../../../src/pipe/report/formats/junit.ts';
import { markdownReport } from '../../../src/pipe/report/formats/markdown.ts';
import { studyInput } from './fixture.ts';

test('JUnit: failed cells and contradicted claims fail, what did not run is skipped', () => {
  const xml = junitXml(studyInput());
  expect(xml).toContain('<testsuite name="train" tests="22" failures="1" skipped="0"');
  expect(xml).toContain('<testsuite name="evaluate" tests="22" failures="0" skipped="1"');
  expect(xml).toContain('<testsuite name="claims" tests="4" failures="1" skipped="2"');
  expect(xml).toContain('<skipped message="train[no-zero,0] failed"/>');
  expect(xml).toContain('&lt;b&gt;not html&lt;/b&gt;');
});

const noPython = spawnSync('python3', ['--version']).status !== 0;
if (noPython) console.warn('skipped: no python3 here to parse the XML');

test.skipIf(noPython)('JUnit: well formed whatever a message holds', () => {
  const input = studyInput({ figures: 0 });
  const cells = input.cells.map((cell) =>
    cell.error === null
      ? cell
      : { ...cell, error: { ...cell.error, message: 'a "b" <c> & \u001b[31m\n', tail: [']]>', '\u0000'] } },
  );
  const parse =
    'import sys, xml.etree.ElementTree as e; print(len(e.fromstring(sys.stdin.buffer.read()).findall(".//testcase")))';
  const count = execFileSync('python3', ['-c', parse], {
    input: junitXml({ ...input, cells }),
    encoding: 'utf8',
  });
  expect(Number(count)).toBe(input.cells.length + 4);
});

test('GitHub: verdict, claims, tables and failures as Markdown that text cannot break', () => {
  const input = studyInput({ figures: 0 });
  const summary = markdownReport({ ...input, title: 'a | b <img src=x> `c`' });
  expect(summary).toContain('## a \\| b \\<img src=x\\> \\`c\\`\n');
  expect(summary).toContain('**✕ 1 failed, 46 of 48 cells there**');
  expect(summary).toContain('| ✓ supported |');
  expect(summary).toContain('(n = 3 of 5)');
  expect(summary).toContain('| train | 22 | 21 | 0 | 1 | 0 |');
  expect(summary).toContain('```\nepoch 7/30');
});
