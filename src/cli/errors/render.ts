import type {ErrorData} from '../../errors.ts';

/** What is wrong, what to do, and last the code, in the form that `teralab help` takes. */
export function renderError(
  error: ErrorData,
  options: {readonly stack: string | undefined; readonly red: (text: string) => string},
): string[] {
  return [
    ...(options.stack === undefined ? [] : options.stack.split('\n')),
    ...error.message.trimEnd().split('\n'),
    error.fix,
    `${options.red(`✖ ${error.code}`)} (\`teralab help ${error.code}\` explains it)`,
  ];
}
