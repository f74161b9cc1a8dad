import {join} from 'node:path';
import {writeAtomically} from '../../files.ts';
import {labPaths} from '../../paths.ts';

/** Writes what a report of a bug needs, and gives the file; where even that fails, says so instead. */
export async function writeInternalLog(thrown: unknown, argv: readonly string[]): Promise<string> {
  const now = new Date();
  const file = join(labPaths().state, 'logs', `bug-${now.toISOString().replace(/[:.]/g, '-')}.log`);
  const text = [
    `at        ${now.toISOString()}`,
    `command   teralab ${argv.join(' ')}`,
    `node      ${process.version} ${process.platform} ${process.arch}`,
    '',
    ...chain(thrown),
    '',
  ].join('\n');
  try {
    await writeAtomically(file, text);
    return file;
  } catch (error) {
    return `no file: ${file} could not be written (${error instanceof Error ? error.message : String(error)}); run the command again with --debug`;
  }
}

function chain(thrown: unknown): string[] {
  if (!(thrown instanceof Error)) return [String(thrown)];
  return [thrown.stack ?? thrown.message, ...(thrown.cause === undefined ? [] : ['caused by', ...chain(thrown.cause)])];
}
