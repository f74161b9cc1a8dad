import {CommanderError} from 'commander';
import {LabError} from '../../errors.ts';
import {asLabError as asFileError} from '../../files.ts';

/** Whatever was thrown, as an error that a user can act upon; undefined when it is a bug of ours. */
export function asLabError(thrown: unknown): LabError | undefined {
  if (thrown instanceof LabError) return thrown.code === 'INTERNAL' ? undefined : thrown;
  if (thrown instanceof CommanderError) return new LabError('USAGE', sentence(thrown.message), {cause: thrown});
  if (!(thrown instanceof Error)) return undefined;
  // inquirer throws on Ctrl-C, and when its signal aborts.
  if (['ExitPromptError', 'AbortPromptError', 'AbortError'].includes(thrown.name))
    return new LabError('INTERRUPTED', 'Interrupted.', {cause: thrown});
  const {path} = thrown as NodeJS.ErrnoException;
  const known = asFileError(thrown, path ?? 'a file');
  return known instanceof LabError ? known : undefined;
}

/** commander says `error: unknown option '--sed'\n(Did you mean --seed?)`. */
function sentence(raw: string): string {
  const [first = '', ...rest] = raw.replace(/^error: /, '').split('\n');
  const head = first.charAt(0).toUpperCase() + first.slice(1);
  const hint = rest
    .join(' ')
    .replace(/^\((.*)\)$/, '$1')
    .trim();
  return [/[.?!]$/.test(head) ? head : `${head}.`, hint].filter(part => part !== '').join(' ');
}
