import {createShell} from './command.ts';
import {createProgram} from './program.ts';

declare const TERALAB_VERSION: string | undefined;

/** Runs one command line (without node and script) and ends the process with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const shell = createShell(argv);
  const program = createProgram(shell, typeof TERALAB_VERSION === 'string' ? TERALAB_VERSION : '0.0.0');
  try {
    await program.parseAsync(argv, {from: 'user'});
  } catch (error) {
    await shell.report(error);
  }
  await shell.leave();
}
