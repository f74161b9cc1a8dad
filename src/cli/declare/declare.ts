import type {Command} from 'commander';
import type {CommandModule, RawGlobals, Shell} from '../command.ts';

/** A command and what `--help` says of it. `usage` is commander's: `check [lab]`. */
export interface Declaration {
  readonly usage: string;
  /** One line, lower case, no full stop. */
  readonly summary: string;
  /** Sentences below the summary, where one line is not enough. */
  readonly more?: string;
  /** Command lines that work as they stand. */
  readonly examples: readonly string[];
}

export function declare(parent: Command, declaration: Declaration): Command {
  const {usage, summary, more, examples} = declaration;
  const command = parent.command(usage).summary(summary);
  command.description(more === undefined ? `${capitalised(summary)}.` : `${capitalised(summary)}.\n\n${more}`);
  command.allowExcessArguments(false);
  return command.addHelpText(
    'after',
    ['', examples.length === 1 ? 'Example:' : 'Examples:', ...examples.map(line => `  $ ${line}`)].join('\n'),
  );
}

/** Gives a command its module, which is loaded when the command runs and not before. */
export function runs<Arguments extends readonly unknown[]>(
  command: Command,
  shell: Shell,
  load: () => Promise<CommandModule<Arguments>>,
): Command {
  return command.action(async (...given: unknown[]) => {
    // commander hands over the arguments, the options, and the command itself.
    const rest = given.slice(0, -1) as unknown as Arguments;
    await shell.run(command.optsWithGlobals<RawGlobals>(), async context => (await load()).run(context, ...rest));
  });
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
