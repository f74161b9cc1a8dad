import {parseLogLine} from './log-line.ts';

/** A line of a log as a person reads it: what was said, and the error that it was about. */
export function readableLine(node: string, line: string): string {
  const {message, facts} = parseLogLine(node, line);
  const {err} = facts;
  const reason = typeof err === 'object' && err !== null && 'message' in err ? `: ${String(err.message)}` : '';
  return `${message}${reason}`;
}
