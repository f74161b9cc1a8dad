/** Progress goes to stderr: stdout is for what other programs read. */
export function say(line) {
  process.stderr.write(`engine: ${line}\n`);
}
