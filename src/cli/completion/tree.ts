import type {Command} from 'commander';
import {FAULT_WORDS} from '../chaos/words.ts';

/** What may follow a command word. */
export interface CompletionEntry {
  /** Words that lead there: `labs`, `labs verify`; empty for `teralab` itself. */
  readonly words: string;
  readonly summary: string;
  readonly options: readonly string[];
  readonly values: readonly string[];
}

const SHELL_NAMES = ['bash', 'zsh', 'fish', 'powershell'];
const HELP_TOPICS = ['exit-codes', 'environment', 'faults', 'errors'];

/** All commands of the program with what can follow them; lab ids where a command takes a lab. */
export function completionTree(program: Command, labIds: readonly string[]): readonly CompletionEntry[] {
  const globals = longOptions(program);
  const walk = (command: Command, words: readonly string[]): CompletionEntry[] => [
    {
      words: words.join(' '),
      summary: command.summary(),
      options: [...longOptions(command), ...(words.length === 0 ? [] : globals), '--help'],
      values: [...command.commands.map(child => child.name()), ...valuesOf(command, program, labIds)],
    },
    ...command.commands.flatMap(child => walk(child, [...words, child.name()])),
  ];
  return walk(program, []);
}

function valuesOf(command: Command, program: Command, labIds: readonly string[]): readonly string[] {
  const name = command.name();
  if (name === 'chaos') return FAULT_WORDS;
  if (name === 'completion') return SHELL_NAMES;
  if (name === 'help') return [...HELP_TOPICS, ...program.commands.map(child => child.name())];
  if (name === 'progress') return ['export', 'import'];
  const [first] = command.registeredArguments;
  return name === 'lab' || name === 'verify' || first?.name() === 'lab' ? labIds : [];
}

function longOptions(command: Command): readonly string[] {
  return command.options.flatMap(option => option.long ?? []);
}
