import {spawnSync} from 'node:child_process';
import type {TestContext} from 'vitest';

/** A run on a machine that is too busy to measure proves nothing, neither for nor against what is tested. */
export const TOO_BUSY = 'the machine was too busy to judge a check, several times in a row';

/** How to ask a tool whether it is there. */
const TOOLS = {
  tmux: ['tmux', '-V'],
  docker: ['docker', 'version'],
  'nats-server': ['nats-server', '--version'],
} as const;

/**
 * Leaves the test out, with the reason, where a tool is not there; with TERALAB_REQUIRE_ALL set that is a failure instead.
 * For `beforeEach(context => requireTool(context, 'tmux'))`.
 */
export function requireTool(context: TestContext, tool: keyof typeof TOOLS): void {
  const [command, ...args] = TOOLS[tool];
  if (spawnSync(command, args, {stdio: 'ignore'}).status === 0) return;
  leaveOut(context, `${tool} is not installed or does not answer`);
}

/** Leaves the test out for a reason, or fails it with that reason where TERALAB_REQUIRE_ALL is set. */
export function leaveOut(context: TestContext, reason: string): void {
  if (process.env.TERALAB_REQUIRE_ALL) throw new Error(`${reason}, and TERALAB_REQUIRE_ALL is set`);
  context.skip(reason);
}
