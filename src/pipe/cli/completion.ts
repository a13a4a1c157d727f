/** `pipe completion SHELL`: the script by which a shell asks this program what may come next. */
import { exitCode, UserError } from '../../lib/diagnostics/diagnostic.ts';
import { didYouMean } from '../../lib/diagnostics/suggest.ts';
import type { Command } from './command.ts';

/** Each asks `pipe __complete -- WORD…`, the last word being the one under way, and gets a candidate a line. */
const scripts: Readonly<Record<string, string>> = {
  bash: `# pipe: bash completion. In ~/.bashrc: eval "$(pipe completion bash)"
_pipe_complete() {
  local cur line candidates
  # The line as it was typed, because bash takes = and : for the ends of words.
  line=\${COMP_LINE:0:COMP_POINT}
  local -a words
  read -ra words <<< "$line"
  [[ $line == *' ' ]] && words+=('')
  cur=\${words[-1]}
  mapfile -t candidates < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
  if [[ \${candidates[0]} == :files ]]; then
    compopt -o default
    COMPREPLY=()
    return
  fi
  compopt -o nospace
  COMPREPLY=()
  local candidate before=''
  # What stands before the last = or : is on the line already.
  [[ $cur == *[=:]* ]] && before=\${cur%"\${cur##*[=:]}"}
  for candidate in "\${candidates[@]}"; do
    candidate=\${candidate#"$before"}
    if [[ $candidate != *[=\\[,] && $candidate != */ ]]; then candidate="$candidate "; fi
    COMPREPLY+=("$candidate")
  done
}
complete -F _pipe_complete pipe pipe-experiments
`,
  zsh: `#compdef pipe pipe-experiments
# pipe: zsh completion. In ~/.zshrc, after compinit: eval "$(pipe completion zsh)"
_pipe() {
  local -a candidates
  candidates=("\${(@f)$("\${words[1]}" __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ \${candidates[1]} == :files ]]; then
    _files
    return
  fi
  local -a open whole
  local candidate
  for candidate in $candidates; do
    if [[ $candidate == *[=,\\[] ]]; then open+=("$candidate"); else whole+=("$candidate"); fi
  done
  (( \${#open} )) && compadd -S '' -- $open
  (( \${#whole} )) && compadd -- $whole
}
compdef _pipe pipe pipe-experiments
`,
  fish: `# pipe: fish completion. In ~/.config/fish/config.fish: pipe completion fish | source
function __pipe_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l candidates ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    if test "$candidates[1]" = ':files'
        __fish_complete_path (commandline -ct)
        return
    end
    printf '%s\\n' $candidates
end
complete -c pipe -f -a '(__pipe_complete)'
complete -c pipe-experiments -f -a '(__pipe_complete)'
`,
};

export const completion: Command = {
  name: 'completion',
  summary: 'print what a shell needs to complete verbs, flags, cells and runs',
  usage: 'bash|zsh|fish',
  flags: {},
  examples: [
    [
      'eval "$(pipe completion bash)"',
      'in ~/.bashrc; `npx pipe` is completed where `pipe` is an alias of it',
    ],
    ['pipe completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  async run(parsed, { stdout }) {
    const [shell = '', ...more] = parsed.arguments;
    const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
    if (script === undefined || more.length > 0)
      throw new UserError(
        `pipe completion takes bash, zsh or fish${shell === '' ? '' : `, not '${shell}'`}`,
        {
          code: exitCode.usage,
          hint: didYouMean(shell, Object.keys(scripts)) ?? 'eval "$(pipe completion bash)"',
        },
      );
    stdout.write(script);
    return exitCode.ok;
  },
};
