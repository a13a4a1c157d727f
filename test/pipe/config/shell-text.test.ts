/** Where in a command a reference stands. */
import { expect, test } from 'vitest';
import { placementsIn } from '../../../src/pipe/config/shell-text.ts';
import { parseTemplate } from '../../../src/pipe/config/template.ts';

const kinds = (command: string) => placementsIn(parseTemplate(command)).map(({ kind }) => kind);

test.each([
  ['cat ${a} "${b}" "$(cat ${c})" "$(cat "${d}")"', ['word', 'quoted', 'word', 'quoted']],
  ["echo 'it''s' ${a}; echo \"it's\" ${b}", ['word', 'word']],
  ['cat <<END ${a}\nit\'s ${b} "$(cat ${c})"\nEND\necho ${d}', ['word', 'quoted', 'word', 'word']],
  ['cat <<A <<-B\n${a}\nA\n\t${b}\n\tB\n${c}', ['quoted', 'quoted', 'word']],
  ['x=$(case ${a} in b) echo ${b};; (c) echo;; esac) "${c}"', ['word', 'word', 'quoted']],
  ['echo a#b ${a}; cat <<< ${b}', ['word', 'word']],
  ['diff <(sort ${a}) <(sort "${b}")', ['word', 'quoted']],
  ['echo $(( ${a} + (1 << 2) )) ${b}', ['arithmetic', 'word']],
  ['(( ${a} > 1 )) && echo ${b}', ['arithmetic', 'word']],
  ['[[ ${a} -lt 3 ]] && [[ ${b} = x ]] && [ ${c} -lt 3 ]', ['arithmetic', 'word', 'word']],
])('%s', (command, expected) => {
  expect(kinds(command)).toEqual(expected);
});

test.each([
  ["single quotes: echo '${a}'", /single quotes/],
  ["$'…': echo $'${a}'", /fills nothing in/],
  ['a comment: true # ${a}', /comment/],
  ['backticks: echo `cat ${a}`', /backticks/],
  ["a quoted here-document: cat <<'END'\n${a}\nEND", /here-document/],
  ['the end of a here-document: cat <<${a}\n', /how it ends/],
  ['the shell’s own braces: echo $${x:-${a}}', /own \$\{…\}/],
  ['after a backslash: echo \\${a}', /backslash/],
])('nothing can be right in %s', (command, why) => {
  const [placement] = placementsIn(parseTemplate(command.slice(command.indexOf(': ') + 2)));
  expect(placement).toMatchObject({ kind: 'refused', why: expect.stringMatching(why) });
});
