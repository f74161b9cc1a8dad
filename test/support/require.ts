import {spawnSync} from 'node:child_process';
import type {TestContext} from 'vitest';

/** A run on a machine that is too busy to measure proves nothing, neither for nor against what is tested. */
export const TOO_BUSY = 'the machine was too busy to judge a check, several times in a row';

/** How to ask a tool whether it is there. */
const TOOLS = {
  tmux: ['tmux', '-V'],
  docker: ['docker', 'version'],
  'docker-compose': ['docker-compose', 'version'],
  'nats-server': ['nats-server', '--version'],
  chromium: ['chromium', '--version'],
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

/**
 * The endpoint of an engine that manages a swarm: TERALAB_SWARM_HOST, else DOCKER_HOST or the default one where that manages one. Where
 * there is none the test is left out, as with `requireTool`.
 */
export function requireSwarm(context: TestContext): string {
  const found = swarmHost();
  if (found === undefined)
    leaveOut(context, 'no engine that manages a swarm answers (TERALAB_SWARM_HOST, DOCKER_HOST)');
  return found ?? '';
}

/** Its endpoint, or undefined where there is none. */
export function swarmHost(): string | undefined {
  const host = process.env.TERALAB_SWARM_HOST ?? process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const {status, stdout} = spawnSync(
    'docker',
    ['--host', host, 'info', '--format', '{{.Swarm.ControlAvailable}} {{.Swarm.LocalNodeState}}'],
    {encoding: 'utf8', timeout: 20_000},
  );
  return status === 0 && stdout.trim() === 'true active' ? host : undefined;
}

/** Leaves the test out for a reason, or fails it with that reason where TERALAB_REQUIRE_ALL is set. */
export function leaveOut(context: TestContext, reason: string): void {
  if (process.env.TERALAB_REQUIRE_ALL) throw new Error(`${reason}, and TERALAB_REQUIRE_ALL is set`);
  context.skip(reason);
}
