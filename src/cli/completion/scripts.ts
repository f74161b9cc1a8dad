import type {CompletionEntry} from './tree.ts';

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type ShellName = (typeof SHELLS)[number];

type Script = (entries: readonly CompletionEntry[]) => string;

export function completionScript(shell: ShellName, entries: readonly CompletionEntry[]): string {
  return SCRIPTS[shell](entries);
}

/** The longest known sequence of command words decides which words are offered. */
const bash: Script = entries => `# teralab completion for bash. Load it with: source <(teralab completion bash)
_teralab() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="" candidate word offers=""
  local -A known=(
${entries.map(entry => `    [${quote(`/${entry.words}`)}]=${quote(offers(entry).join(' '))}`).join('\n')}
  )
  offers="\${known[/]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    candidate="\${words:+$words }$word"
    if [[ -n "\${known[/$candidate]+set}" ]]; then words="$candidate"; offers="\${known[/$candidate]}"; fi
  done
  COMPREPLY=($(compgen -W "$offers" -- "$current"))
}
complete -o default -F _teralab teralab
`;

const zsh: Script = entries => `#compdef teralab
# teralab completion for zsh. Save it as _teralab in a folder of $fpath.
_teralab() {
  local words_so_far="" candidate word
  local -A known=(
${entries.map(entry => `    ${quote(`/${entry.words}`)} ${quote(offers(entry).join(' '))}`).join('\n')}
  )
  local offers="\${known[/]}"
  for word in "\${(@)words[2,CURRENT-1]}"; do
    candidate="\${words_so_far:+$words_so_far }$word"
    if [[ -n "\${known[/$candidate]+set}" ]]; then words_so_far="$candidate"; offers="\${known[/$candidate]}"; fi
  done
  compadd -- \${=offers}
  _files
}
if [[ "$funcstack[1]" == "_teralab" ]]; then _teralab "$@"; else compdef _teralab teralab; fi
`;

const fish: Script = entries => `# teralab completion for fish. Load it with: teralab completion fish | source
complete -c teralab -f
${entries.flatMap(fishLines).join('\n')}
`;

function fishLines({words, options, values}: CompletionEntry): string[] {
  const [command, ...rest] = words.split(' ');
  const seen = [command ?? '', ...rest].filter(word => word !== '');
  const condition =
    seen.length === 0
      ? '__fish_use_subcommand'
      : seen.map(word => `__fish_seen_subcommand_from ${word}`).join('; and ');
  return [
    ...(values.length === 0 ? [] : [`complete -c teralab -n ${quote(condition)} -a ${quote(values.join(' '))}`]),
    ...options.map(option => `complete -c teralab -n ${quote(condition)} -l ${option.slice(2)}`),
  ];
}

const powershell: Script =
  entries => `# teralab completion for PowerShell. Load it with: teralab completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName teralab -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $known = @{
${entries
  .map(
    entry =>
      `    '/${entry.words}' = @(${offers(entry)
        .map(word => `'${word.replaceAll("'", "''")}'`)
        .join(', ')})`,
  )
  .join('\n')}
  }
  $words = ''
  $offers = $known['/']
  foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {
    $candidate = ("$words " + $element.ToString()).Trim()
    if ($element.ToString() -ne $wordToComplete -and $known.ContainsKey("/$candidate")) { $words = $candidate; $offers = $known["/$candidate"] }
  }
  $offers | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`;

const SCRIPTS: Readonly<Record<ShellName, Script>> = {bash, zsh, fish, powershell};

function offers({options, values}: CompletionEntry): readonly string[] {
  return [...values, ...options];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
